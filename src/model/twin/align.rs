//! Two texts laid side by side: where they run equal, and what stands between.
//!
//! A walk that looks a little ahead wherever the texts part, rather than a longest common
//! subsequence: copies run equal for whole clauses, and a text that needs more than a handful of
//! detours is no copy. So the work is bounded by the texts' length.

use std::ops::Range;

use super::words::Token;

/// Words on either side that differ between two stretches that are equal.
pub(super) struct Gap {
    pub(super) one: Range<usize>,
    pub(super) other: Range<usize>,
}

/// Two texts side by side.
pub(super) struct Aligned {
    /// Words that are equal.
    pub(super) equal: usize,
    /// What differs, up to the last equal word.
    pub(super) gaps: Vec<Gap>,
    /// From where on nothing is equal any more.
    pub(super) tail: (usize, usize),
}

/// Detours after which two texts are not compared further.
const DETOURS: usize = 12;
/// How far ahead a passage is looked for that only one of the texts has.
const FAR: usize = 300;
/// How far ahead on both sides at once.
const NEAR: usize = 24;

/// Lays two texts side by side. After a detour at least `run` words must be equal.
pub(super) fn align(one: &[Token], other: &[Token], run: usize) -> Aligned {
    let (mut i, mut j) = (0, 0);
    let (mut equal, mut gaps) = (0, Vec::new());
    loop {
        while i < one.len() && j < other.len() && one[i] == other[j] {
            (i, j, equal) = (i + 1, j + 1, equal + 1);
        }
        let ahead = if gaps.len() < DETOURS { meet(&one[i..], &other[j..], run) } else { None };
        let Some((further, beyond)) = ahead else {
            return Aligned { equal, gaps, tail: (i, j) };
        };
        gaps.push(Gap { one: i..i + further, other: j..j + beyond });
        (i, j) = (i + further, j + beyond);
    }
}

/// How far on each side the texts meet again, the nearest place first.
fn meet(one: &[Token], other: &[Token], run: usize) -> Option<(usize, usize)> {
    let meets = |i: usize, j: usize| match (one.get(i..), other.get(j..)) {
        (Some(one), Some(other)) => {
            let last = one.len().min(other.len());
            last > 0
                && (last >= run || one.len() == other.len())
                && one[..last.min(run)] == other[..last.min(run)]
        }
        _ => false,
    };
    if one.is_empty() || other.is_empty() {
        return None;
    }
    (1..=FAR).find_map(|ahead| {
        let both = (1..ahead).filter(|i| *i <= NEAR && ahead - i <= NEAR).map(|i| (i, ahead - i));
        let both = both.filter(|_| ahead <= 2 * NEAR);
        [(ahead, 0), (0, ahead)].into_iter().chain(both).find(|(i, j)| meets(*i, *j))
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::Words;
    use super::*;

    /// Gaps as `(words here, words there)`.
    fn check(one: &str, other: &str, equal: usize, gaps: &[(usize, usize)], tail: (usize, usize)) {
        let (one, other) = (Words::of(one).tokens, Words::of(other).tokens);
        let aligned = align(&one, &other, 3);
        let lengths: Vec<_> =
            aligned.gaps.iter().map(|gap| (gap.one.len(), gap.other.len())).collect();
        assert_eq!((aligned.equal, &lengths[..]), (equal, gaps));
        assert_eq!((one.len() - aligned.tail.0, other.len() - aligned.tail.1), tail);
    }

    #[test]
    fn equal_texts_have_no_gaps() {
        check("", "", 0, &[], (0, 0));
        check("甲乙丙", "甲乙丙", 3, &[], (0, 0));
    }

    #[test]
    fn what_only_one_has_and_what_differs_is_found() {
        check("甲乙丙丁戊己庚", "甲乙丙丁春戊己庚", 7, &[(0, 1)], (0, 0));
        check("甲乙丙丁戊己庚", "甲乙丙春夏戊己庚", 6, &[(1, 2)], (0, 0));
        check("春甲乙丙丁", "甲乙丙丁", 4, &[(1, 0)], (0, 0));
        check("甲乙丙丁", "甲乙丙丁戊己", 4, &[], (0, 2));
        check("甲乙丙丁东西", "甲乙丙丁戊", 4, &[], (2, 1));
    }

    #[test]
    fn texts_that_have_nothing_in_common_never_meet() {
        check("甲乙丙丁", "东西南北中", 0, &[], (4, 5));
    }
}
