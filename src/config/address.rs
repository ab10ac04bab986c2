//! Addresses as the file writes them → addresses as the rest of the house takes them.
//!
//! `file:` paths start from the folder of the file and become `file://localhost/…`; names in other
//! scripts become punycode; both because `http::Uri` takes nothing else. It deliberately does not ask
//! whether anything is there: that is the poll's to find out.

use std::path::Path;

use http::Uri;
use url::Url;

use super::check::shown;
use super::server::Listen;
use crate::adapter::setting::{Mistake, Setting, Value, meant};

/// Blanks an adapter fills in; they survive the writing of the address.
const BLANKS: [&str; 5] = ["page", "cursor", "lead", "now_ms", "now_s"];

/// Makes a `url` inside a source's table whole, when it is a path: only here the folder is known.
pub(super) fn root(table: &mut Setting, folder: &Path, mistakes: &mut Vec<Mistake>) {
    let Value::Table(rows) = &mut table.value else { return };
    let Some((_, setting)) = rows.iter_mut().find(|(name, _)| name.text == "url") else { return };
    let Value::String(text) = &mut setting.value else { return };
    match text.trim().strip_prefix("file:").map(|path| local(path, folder)) {
        Some(Ok(address)) => *text = address,
        Some(Err(what)) => mistakes.push(Mistake { span: setting.span.clone(), what }),
        None => {}
    }
}

/// Where a source is.
pub(super) fn of_source(setting: &Setting, folder: &Path) -> Result<Uri, Mistake> {
    let text = setting.text()?.trim();
    let refused = |what: String| Mistake::at(setting, what);
    let address = match text.strip_prefix("file:") {
        Some(path) => local(path, folder).map_err(refused)?,
        None => web(text).map_err(refused)?.into(),
    };
    with_blanks(address)
        .parse()
        .map_err(|error| refused(format!("`{}` is no address: {error}", shown(text))))
}

/// The public address of the site, without a slash at the end.
pub(super) fn of_site(setting: &Setting) -> Result<String, Mistake> {
    let text = setting.text()?.trim();
    let url = web(text).map_err(|what| Mistake::at(setting, what))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Mistake::at(
            setting,
            "this should end before `?` and `#`: the addresses of feeds are put behind it",
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Where to listen: an address of this machine with a port, or `unix:` and the path of a socket.
pub(super) fn of_listener(setting: &Setting, folder: &Path) -> Result<Listen, Mistake> {
    let text = setting.text()?.trim();
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(Listen::Unix(folder.join(path)));
    }
    text.parse().map(Listen::Tcp).map_err(|_| {
        Mistake::at(
            setting,
            format!(
                "`{}` should be an IP address with a port, such as `127.0.0.1:8080`, or a socket, such as `unix:feedloom.sock`",
                shown(text)
            ),
        )
    })
}

/// Where the store is: `sqlite:` and a path, made absolute.
pub(super) fn of_store(setting: &Setting, folder: &Path) -> Result<String, Mistake> {
    let text = setting.text()?.trim();
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(store_in(folder, path)),
        _ => Err(Mistake::at(
            setting,
            format!(
                "`{}` should be `sqlite:` and the path of a file, such as `sqlite:data/feedloom.db`",
                shown(text)
            ),
        )),
    }
}

/// The address of the store at `path`, which may be relative to `folder`.
pub(super) fn store_in(folder: &Path, path: &str) -> String {
    match path {
        ":memory:" => format!("sqlite:{path}"),
        path => format!("sqlite:{}", folder.join(path).display()),
    }
}

/// An address on the web.
fn web(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| not_web(text))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_web(text));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a name or password has no place in an address; put it into `headers`, as \"env:NAME\""
                .to_owned(),
        );
    }
    Ok(url)
}

fn not_web(text: &str) -> String {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let hint = match scheme.and_then(|scheme| meant(scheme, ["http", "https", "file"])) {
        Some(known) if Some(known) != scheme => format!("; did you mean `{known}:`?"),
        _ if scheme.is_none() => {
            format!("; did you mean `https://{0}` or `file:{0}`?", shown(text))
        }
        _ => String::new(),
    };
    format!(
        "`{}` should be an address that starts with `http://`, `https://` or `file:`{hint}",
        shown(text)
    )
}

/// A file or folder of this machine: behind `file:` stands a path as people write it, behind
/// `file://` an address (RFC 8089).
fn local(path: &str, folder: &Path) -> Result<String, String> {
    if path.is_empty() {
        return Err(
            "`file:` should be followed by a path, such as `file:examples/posts/`".to_owned()
        );
    }
    let url = match path.starts_with("//") {
        true => Url::parse(&format!("file:{path}")).ok().filter(|url| url.host().is_none()),
        // Once more through the parser, which takes out `.` and `..`.
        false => Url::from_file_path(folder.join(path))
            .ok()
            .and_then(|url| Url::parse(url.as_str()).ok()),
    };
    let url = url.ok_or_else(|| {
        format!(
            "`file:{}` should be a path on this machine, such as `file:examples/posts/`",
            shown(path)
        )
    })?;
    let slash = if path.ends_with('/') && !url.path().ends_with('/') { "/" } else { "" };
    let path = url.path().replace("%7B", "{").replace("%7D", "}");
    Ok(format!("file://localhost{path}{slash}"))
}

/// The blanks, with the braces that the parser of addresses percent-encodes in a path.
fn with_blanks(address: String) -> String {
    BLANKS.iter().fold(address, |address, blank| {
        address.replace(&format!("%7B{blank}%7D"), &format!("{{{blank}}}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::setting::Name;

    fn setting(text: &str) -> Setting {
        Setting { span: 0..0, value: Value::String(text.to_owned()) }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let uri = of_source(&setting(text), Path::new("/srv/金融")).map_err(|mistake| mistake.what);
        assert_eq!(uri.map(|uri| uri.to_string()), Ok(expected.to_owned()));
    }

    #[track_caller]
    fn refused(text: &str, words: &str) {
        let mistake = of_source(&setting(text), Path::new("/srv")).unwrap_err();
        assert!(mistake.what.contains(words), "{}", mistake.what);
    }

    #[test]
    fn paths_start_from_the_folder_of_the_file() {
        check("file:posts/", "file://localhost/srv/%E9%87%91%E8%9E%8D/posts/");
        check("file:a b#c?.rss", "file://localhost/srv/%E9%87%91%E8%9E%8D/a%20b%23c%3F.rss");
        check("file:../up.rss", "file://localhost/srv/up.rss");
        check("file:/var/posts", "file://localhost/var/posts");
        check("file:///var/a%20b", "file://localhost/var/a%20b");
        check("file://localhost/var/x/", "file://localhost/var/x/");
    }

    #[test]
    fn names_in_other_scripts_become_punycode() {
        check("https://新闻.example/时政", "https://xn--efvy88h.example/%E6%97%B6%E6%94%BF");
    }

    #[test]
    fn paths_inside_a_source_are_made_whole() {
        let url =
            (Name { span: 0..0, text: "url".into() }, setting("file:detail/{info.code}.json"));
        let mut table = Setting { span: 0..0, value: Value::Table(vec![url]) };
        root(&mut table, Path::new("/srv"), &mut Vec::new());
        let whole = table.rows().unwrap()[0].1.text().unwrap();
        assert_eq!(whole, "file://localhost/srv/detail/{info.code}.json");
    }

    #[test]
    fn blanks_to_fill_in_survive() {
        check("https://a.example/{page}/x?n={now_ms}", "https://a.example/{page}/x?n={now_ms}");
        check("file:list-{page}.json", "file://localhost/srv/%E9%87%91%E8%9E%8D/list-{page}.json");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        refused("htps://a.example/", "did you mean `https:`?");
        refused("a.example/rss", "did you mean `https://a.example/rss`");
        refused("ftp://a.example/", "should be an address that starts with");
        refused("https://", "should be an address");
        refused("https://me:word@a.example/", "`headers`");
        refused("file:", "followed by a path");
        refused("file://other.example/x", "on this machine");
    }

    #[test]
    fn a_site_has_no_slash_at_the_end() {
        assert_eq!(of_site(&setting("http://127.0.0.1:8080/")).unwrap(), "http://127.0.0.1:8080");
        assert_eq!(of_site(&setting("https://a.example/news/")).unwrap(), "https://a.example/news");
        assert!(of_site(&setting("https://a.example/?x")).is_err());
        assert!(of_site(&setting("file:x")).is_err());
    }

    #[test]
    fn a_store_is_absolute() {
        let check = |text| of_store(&setting(text), Path::new("/srv")).ok();
        assert_eq!(check("sqlite:data/a.db").as_deref(), Some("sqlite:/srv/data/a.db"));
        assert_eq!(check("sqlite:/var/a.db").as_deref(), Some("sqlite:/var/a.db"));
        assert_eq!(check("sqlite::memory:").as_deref(), Some("sqlite::memory:"));
        assert_eq!(check("sqlite:"), None);
        assert_eq!(check("postgres://x"), None);
    }
}
