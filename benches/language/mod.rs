//! A language for articles: words as frequent as words are (Zipf), so that a few pairs of characters stand
//! nearly everywhere and most nearly nowhere. The same in every run.

const WORDS: usize = 20_000;

/// A language: words with how often they come.
pub struct Language {
    /// The most frequent first.
    words: Vec<String>,
    sums: Vec<f64>,
    seed: u64,
}

impl Language {
    pub fn new() -> Language {
        let mut language = Language { words: Vec::new(), sums: Vec::new(), seed: 7 };
        let characters: Vec<f64> = sums((0..3500).map(|rank| 1.0 / f64::from(rank + 5)));
        let mut known = std::collections::HashSet::new();
        while language.words.len() < WORDS {
            let length = [1, 2, 2, 2, 2, 2, 2, 3, 4, 2][language.below(10)];
            let word: String = (0..length)
                .map(|_| char::from_u32(0x4e00 + language.drawn(&characters) as u32))
                .map(|c| c.expect("of Chinese"))
                .collect();
            if known.insert(word.clone()) {
                language.words.push(word);
            }
        }
        language.sums = sums((0..WORDS).map(|rank| 1.0 / (rank + 8) as f64));
        language
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % end
    }

    /// An index, as often as its share says.
    fn drawn(&mut self, sums: &[f64]) -> usize {
        let all = sums.last().expect("some");
        let at = self.below(1 << 30) as f64 / f64::from(1 << 30) * all;
        sums.partition_point(|sum| *sum <= at)
    }

    /// Nine clauses of six to twelve words, here and there one that is not Chinese.
    pub fn text(&mut self) -> String {
        const OTHERS: [&str; 6] = ["A", "GDP", "AI", "iPhone15", "Apple", "5G"];
        let mut text = String::new();
        for _ in 0..9 {
            if self.below(5) == 0 {
                text.push_str(OTHERS[self.below(6)]);
            }
            for _ in 0..6 + self.below(7) {
                let sums = std::mem::take(&mut self.sums);
                let word = self.drawn(&sums);
                self.sums = sums;
                text.push_str(&self.words[word]);
            }
            text.push('，');
        }
        text
    }

    /// What might be looked for, by kind.
    pub fn questions(&self) -> Vec<(&'static str, String)> {
        let pairs: Vec<&String> = self.words.iter().filter(|w| w.chars().count() == 2).collect();
        let singles = self.words.iter().filter(|w| w.chars().count() == 1);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        let mut ask = |kind, words: &mut dyn Iterator<Item = String>| {
            all.extend(words.map(|words| (kind, words)));
        };
        ask("a very common pair", &mut pairs[..30].iter().map(|w| w.to_string()));
        ask("a middling pair", &mut pairs[500..540].iter().map(|w| w.to_string()));
        ask("a rare pair", &mut pairs.iter().rev().take(30).map(|w| w.to_string()));
        ask("four, rarely adjacent", &mut self.unlikely(0..120).into_iter().take(20));
        ask("four, hardly ever adjacent", &mut self.unlikely(250..400).into_iter().take(20));
        ask("four, common and next", &mut (0..20).map(|n| format!("{}{}", pairs[n], pairs[n + 7])));
        ask("two common words", &mut (0..10).map(|n| format!("{} {}", pairs[n], pairs[n + 5])));
        ask(
            "two words, one rare",
            &mut (0..5).map(|n| format!("{} {}", pairs[n], pairs[9000 + n])),
        );
        ask("one character", &mut singles.take(15).cloned());
        ask(
            "mixed with other words",
            &mut (0..5).map(|n| {
                let first = pairs[n].chars().next().expect("two");
                format!("{}{first}", ["A", "GDP", "AI", "5G", "iPhone15"][n])
            }),
        );
        ask(
            "a beginning",
            &mut ["app", "iph", "iphone", "gdp", "appl"].iter().map(|w| w.to_string()),
        );
        all
    }

    /// Four characters whose three pairs are words of these ranks or more common ones, so that all three
    /// stand in many texts and the four in few.
    fn unlikely(&self, ranks: std::ops::Range<usize>) -> Vec<String> {
        let pairs = self.words.iter().filter(|word| word.chars().count() == 2);
        let common: Vec<&str> = pairs.take(ranks.end).map(String::as_str).collect();
        let mut found = Vec::new();
        for one in &common[ranks.clone()] {
            for other in &common[ranks.clone()] {
                let middle: String = one.chars().skip(1).chain(other.chars().take(1)).collect();
                if common.contains(&middle.as_str()) {
                    found.push(format!("{one}{other}"));
                }
            }
        }
        found
    }
}

fn sums(shares: impl Iterator<Item = f64>) -> Vec<f64> {
    shares
        .scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        })
        .collect()
}
