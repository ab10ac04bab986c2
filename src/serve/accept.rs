//! What a reader prefers: the `Accept` header, RFC 9110 section 12.5.1.

/// The first of `offers` that `accept` likes best; the first it does not refuse when it likes none,
/// since a feed in another format is of more use than an error (row C-11).
///
/// Each offer is a key with the media types it answers to, its own first.
pub(super) fn best<T: Copy>(accept: &str, offers: &[(T, Vec<&str>)]) -> Option<T> {
    let wishes: Vec<Wish<'_>> = accept.split(',').filter_map(Wish::read).collect();
    let mut best: Option<(T, u16)> = None;
    for (offer, types) in offers {
        let liked = types.iter().filter_map(|kind| quality(&wishes, kind)).max().unwrap_or(0);
        let own = types.first().and_then(|kind| quality(&wishes, kind));
        let rank = if liked > 0 { liked + 1 } else { u16::from(own != Some(0)) };
        if best.is_none_or(|(_, so_far)| rank > so_far) {
            best = Some((*offer, rank));
        }
    }
    best.map(|(offer, _)| offer)
}

/// One range of a list and how much it is liked, in thousandths.
pub(super) struct Wish<'a> {
    pub(super) range: &'a str,
    pub(super) quality: u16,
}

impl Wish<'_> {
    /// Reads one element of the list; none when it says nothing.
    pub(super) fn read(element: &str) -> Option<Wish<'_>> {
        let mut parts = element.split(';').map(str::trim);
        let range = parts.next().filter(|range| !range.is_empty())?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let quality = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok())?;
        Some(Wish { range, quality: (quality.clamp(0.0, 1.0) * 1000.0) as u16 })
    }

    /// How closely this range fits a media type; none when it does not.
    fn fit(&self, kind: &str) -> Option<u8> {
        if self.range.eq_ignore_ascii_case(kind) {
            return Some(2);
        }
        let whole = self.range.strip_suffix("/*")?;
        if whole == "*" {
            return Some(0);
        }
        kind.split('/').next().filter(|family| whole.eq_ignore_ascii_case(family)).map(|_| 1)
    }
}

/// The weight of the range that fits a media type most closely.
fn quality(wishes: &[Wish<'_>], kind: &str) -> Option<u16> {
    let fits = wishes.iter().filter_map(|wish| Some((wish.fit(kind)?, wish.quality)));
    fits.max_by_key(|(fit, _)| *fit).map(|(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accept: &str, expected: &str) {
        let offers = [
            ("rss", vec!["application/rss+xml", "application/xml", "text/xml"]),
            ("atom", vec!["application/atom+xml"]),
            ("json", vec!["application/feed+json", "application/json"]),
        ];
        assert_eq!(best(accept, &offers), Some(expected), "{accept}");
    }

    #[test]
    fn c_11_readers_of_feeds() {
        check(
            "application/rss+xml, application/rdf+xml;q=0.8, application/atom+xml;q=0.6, application/xml;q=0.4",
            "rss",
        );
        check("application/atom+xml, application/rss+xml;q=0.9", "atom");
        check("application/feed+json", "json");
        check("Application/JSON", "json");
        check("application/atom+xml;charset=utf-8;q=0.5, */*;q=0.1", "atom");
    }

    #[test]
    fn c_11_browsers_and_curl_get_the_default() {
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "rss");
        check("*/*", "rss");
        check("", "rss");
    }

    #[test]
    fn c_11_nothing_acceptable_is_the_default_too() {
        check("image/png", "rss");
        check("text/xml;q=0, text/html", "rss");
    }

    #[test]
    fn c_11_what_is_refused_comes_last() {
        check("application/rss+xml;q=0, text/html", "atom");
        check("application/rss+xml;q=0, application/atom+xml;q=0", "json");
        check("*/*;q=0", "rss");
    }

    #[test]
    fn c_11_the_closest_range_counts() {
        check("application/*, application/rss+xml;q=0.1, application/xml;q=0", "atom");
        check("*/*;q=0.9, application/rss+xml;q=0, text/xml;q=0, application/xml;q=0", "atom");
    }

    #[test]
    fn nonsense_is_passed_over() {
        check(";;,,q=1,application/feed+json;q=x,application/atom+xml;q=0.3", "atom");
    }
}
