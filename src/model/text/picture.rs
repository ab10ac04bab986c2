//! A picture's tag in good order: a caption that says something or none, and both sides of its size,
//! so that a page does not jump when it loads.

/// A picture's tag with a caption only when it says something (`alt="图片"` does not), and with the
/// size its file name tells where a side is missing.
pub(super) fn honest(tag: &str) -> String {
    const MEANINGLESS: [&str; 8] =
        ["图片", "图", "image", "img", "picture", "pic", "photo", "图像"];
    let inner = tag.trim_start_matches("<img").trim_end_matches('>').trim_end_matches('/');
    let value =
        |wanted: &str| attributes(inner).find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let side = |name: &str| value(name).and_then(|value| value.parse::<u32>().ok());
    let alt = value("alt").filter(|alt| !MEANINGLESS.contains(&alt.trim().to_lowercase().as_str()));
    let named = value("src").and_then(size_in_name);
    let scaled = |side: u32, of: u32, to: u32| {
        (u64::from(side) * u64::from(to) / u64::from(of)).max(1).to_string()
    };
    let (width, height) = match (value("width"), value("height"), named) {
        (None, None, Some((width, height))) => (Some(width.to_string()), Some(height.to_string())),
        (Some(width), None, Some(size)) => {
            (Some(width.to_owned()), side("width").map(|side| scaled(side, size.0, size.1)))
        }
        (None, Some(height), Some(size)) => {
            (side("height").map(|side| scaled(side, size.1, size.0)), Some(height.to_owned()))
        }
        (width, height, _) => (width.map(str::to_owned), height.map(str::to_owned)),
    };
    let mut honest = String::from("<img");
    let others = attributes(inner).filter(|(name, _)| !matches!(*name, "alt" | "width" | "height"));
    let others = others.map(|(name, value)| (name, value.to_owned()));
    let sides = [("width", width), ("height", height), ("alt", Some(alt.unwrap_or("").to_owned()))];
    for (name, value) in
        others.chain(sides.into_iter().filter_map(|(name, value)| Some((name, value?))))
    {
        honest.push_str(&format!(" {name}=\"{value}\""));
    }
    honest.push('>');
    honest
}

fn attributes(inner: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = inner;
    std::iter::from_fn(move || {
        let (name, after) = rest.trim_start().split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        rest = after;
        Some((name, value))
    })
}

/// Width and height as picture servers write them into names: `…_w859h506.jpg`.
fn size_in_name(source: &str) -> Option<(u32, u32)> {
    let name = source.rsplit('/').next()?;
    let (_, size) = name.rsplit_once("_w")?;
    let (width, after) = size.split_once('h')?;
    let height = &after[..after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())];
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    ((1..=20_000).contains(&width) && (1..=20_000).contains(&height)).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: &str, expected: &str) {
        assert_eq!(honest(tag), expected);
        assert_eq!(honest(expected), expected, "once more changes nothing");
    }

    #[test]
    fn q36_a_caption_that_says_nothing_is_emptied() {
        check(
            "<img src=\"https://e.com/a.jpg\" alt=\"图片\">",
            "<img src=\"https://e.com/a.jpg\" alt=\"\">",
        );
        check(
            "<img alt=\"桥\" src=\"https://e.com/a.jpg\">",
            "<img src=\"https://e.com/a.jpg\" alt=\"桥\">",
        );
    }

    #[test]
    fn q36_a_missing_side_is_told_by_the_name() {
        check(
            "<img src=\"https://e.com/D1_w800h400_o.jpg\" width=\"400\">",
            "<img src=\"https://e.com/D1_w800h400_o.jpg\" width=\"400\" height=\"200\" alt=\"\">",
        );
        check(
            "<img src=\"https://e.com/D1_w8x.jpg\" width=\"100%\">",
            "<img src=\"https://e.com/D1_w8x.jpg\" width=\"100%\" alt=\"\">",
        );
    }
}
