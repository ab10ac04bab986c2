//! Reads `file:` sources: one file, or the listing of a folder, only inside the permit's folder.
//!
//! Answers look like HTTP's, so that ingest knows no difference: 200 with a tag, 304 when the
//! tag is still right. Nothing is ever written, and what is neither a file
//! nor a folder (a pipe, a device) is not opened, since that could wait for ever.
//!
//! What goes wrong is told with a file's name and not with its path: it stands on a public page.

use std::fs::{self, DirEntry, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode, Uri, header};
use url::Url;

use super::body::{self, Coding};
use super::storage::{Room, Storage};
use super::{Answer, Error, Permit};
use crate::model::source::{LISTING, Limits};

/// Reads what the request's `file:` address names.
pub(super) async fn send(request: Request<Bytes>, permit: &Permit) -> Result<Answer, Error> {
    let at = request.uri().to_string();
    let path = written(request.uri())?;
    let known = request.headers().get(header::IF_NONE_MATCH).map(|tag| tag.as_bytes().to_vec());
    let (folder, most) = (permit.folder.clone(), permit.limits.decoded);
    let reading = tokio::task::spawn_blocking(move || {
        let found = inside(&path, folder.as_deref())?;
        answer(&found, known.as_deref(), most).map_err(|error| error.told(&path))
    });
    let response = reading
        .await
        .unwrap_or_else(|error| Err(Error::Broken(format!("the file was not read: {error}"))))?;
    let (head, content) = response.into_parts();
    let response = Response::from_parts(head, unpacked(content, &permit.limits).await?);
    Ok(Answer { response, at, moved: false, room: Room::default() })
}

/// What a compressed file (`sitemap.xml.gz`) holds, within the bounds of any answer.
async fn unpacked(content: Bytes, limits: &Limits) -> Result<Bytes, Error> {
    if !body::is_gzip(&content) {
        return Ok(content);
    }
    let limits = Limits { wire: limits.decoded, ..*limits };
    let content = stream::iter([Ok::<_, io::Error>(content)]);
    Ok(body::read(content, Coding::Gzip, &limits, &Storage::default()).await?.0)
}

/// The path an address names, as the operator would write it.
fn written(uri: &Uri) -> Result<PathBuf, Error> {
    let url = Url::parse(&uri.to_string()).ok();
    let path = url.filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok());
    path.ok_or_else(|| Error::Refused("a file on another machine cannot be read".to_owned()))
}

/// The real path, all links followed, when it lies inside the folder (or is the file) of the permit.
fn inside(path: &Path, folder: Option<&Path>) -> Result<PathBuf, Error> {
    let Some(folder) = folder else {
        return Err(Error::Refused("files are read only for sources that are files".to_owned()));
    };
    let real = path.canonicalize().map_err(|error| Trouble::Io(error).told(path))?;
    let folder = folder.canonicalize().map_err(|error| Trouble::Io(error).told(folder))?;
    if real.starts_with(&folder) {
        return Ok(real);
    }
    Err(Error::Refused(format!("{} lies outside the source's folder", named(path))))
}

/// What a path is called where others read it: its last part.
fn named(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    format!("`{}`", name.to_string_lossy())
}

/// Why a path inside the folder gives no answer.
enum Trouble {
    Io(io::Error),
    Kind,
    Size(usize),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

impl Trouble {
    fn told(self, path: &Path) -> Error {
        let path = named(path);
        match self {
            Trouble::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                Error::Broken(format!("{path} does not exist"))
            }
            Trouble::Io(error) => Error::Broken(format!("{path} cannot be read: {error}")),
            Trouble::Kind => Error::Broken(format!("{path} is neither a file nor a folder")),
            Trouble::Size(most) => Error::TooLarge(format!("{path} is longer than {most} bytes")),
        }
    }
}

fn answer(path: &Path, known: Option<&[u8]>, most: usize) -> Result<Response<Bytes>, Trouble> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        let listing = listing(path, most)?;
        return Ok(response(StatusCode::OK, LISTING, None, listing.into()));
    }
    if !metadata.is_file() {
        return Err(Trouble::Kind);
    }
    let (tag, kind) = (tag(&metadata), media_type(path));
    if known == Some(tag.as_bytes()) {
        return Ok(response(StatusCode::NOT_MODIFIED, kind, Some(tag), Bytes::new()));
    }
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    Ok(response(StatusCode::OK, kind, Some(tag), content(path, length, most)?.into()))
}

fn response(status: StatusCode, kind: &str, tag: Option<String>, body: Bytes) -> Response<Bytes> {
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    if let Some(tag) = tag {
        response = response.header(header::ETAG, tag);
    }
    response.body(body).expect("a tag is hexadecimal digits")
}

/// Size and time of the last change, which any honest edit moves.
fn tag(metadata: &Metadata) -> String {
    format!("\"{:x}-{:x}\"", metadata.len(), since_1970(metadata).as_nanos())
}

fn since_1970(metadata: &Metadata) -> std::time::Duration {
    let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    changed.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn content(path: &Path, length: usize, most: usize) -> Result<Vec<u8>, Trouble> {
    let mut content = Vec::with_capacity(length.min(most) + 1);
    // One byte more than allowed tells a file that grew since its size was read.
    fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut content)?;
    if content.len() > most { Err(Trouble::Size(most)) } else { Ok(content) }
}

/// Folders within folders that are looked into.
const DEPTH_MOST: usize = 8;

/// The listing of a folder and those in it, as `LISTING` describes it. Hidden files, folders that are
/// hidden or start with `_`, and names that are not UTF-8 or hold a control character are left out.
fn listing(folder: &Path, most: usize) -> Result<String, Trouble> {
    let mut lines = Vec::new();
    let mut length = 0;
    let mut folders = vec![(folder.to_owned(), String::new(), DEPTH_MOST)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Some(name) = visible(&entry).map(|name| format!("{prefix}{name}")) else {
                continue;
            };
            // A link to a folder is not followed: it could lead back here.
            if entry.file_type()?.is_dir() {
                if depth > 0 && !entry.file_name().as_encoded_bytes().starts_with(b"_") {
                    folders.push((entry.path(), format!("{name}/"), depth - 1));
                }
                continue;
            }
            let Some(line) = line(&entry, &name) else { continue };
            length += line.len();
            if length > most {
                return Err(Trouble::Size(most));
            }
            lines.push(line);
        }
    }
    // A tab sorts before all that names may hold here, so lines sort as names do.
    lines.sort_unstable();
    Ok(lines.concat())
}

fn visible(entry: &DirEntry) -> Option<String> {
    let name = entry.file_name().into_string().ok()?;
    (!name.starts_with('.') && !name.chars().any(char::is_control)).then_some(name)
}

/// The line of one file; links are followed, and one that leads nowhere is no file.
fn line(entry: &DirEntry, name: &str) -> Option<String> {
    let metadata = fs::metadata(entry.path()).ok().filter(Metadata::is_file)?;
    Some(format!("{name}\t{}\t{}\n", metadata.len(), since_1970(&metadata).as_millis()))
}

/// What a file's name says it holds; no charset, since a name knows none.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "rss" => "application/rss+xml",
        "atom" => "application/atom+xml",
        "rdf" => "application/rdf+xml",
        "xml" => "application/xml",
        "json" => "application/json",
        "js" => "text/javascript",
        "html" | "htm" => "text/html",
        "md" | "markdown" => "text/markdown",
        "txt" => "text/plain",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::bufread::GzipEncoder;
    use tokio::io::AsyncReadExt;

    use super::*;

    /// A folder `posts` with two posts, beside a secret, with a link that leads out.
    fn house() -> tempfile::TempDir {
        let house = tempfile::tempdir().unwrap();
        let posts = house.path().join("posts");
        for folder in ["folder", "_drafts", ".git"] {
            fs::create_dir_all(posts.join(folder)).unwrap();
            fs::write(posts.join(folder).join("c.md"), "third").unwrap();
        }
        fs::write(posts.join("b 二.md"), "second").unwrap();
        fs::write(posts.join("a.xml"), "<rss/>").unwrap();
        fs::write(posts.join(".hidden"), "").unwrap();
        fs::write(posts.join("line\nbreak"), "").unwrap();
        fs::write(house.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(house.path().join("secret"), posts.join("link")).unwrap();
        house
    }

    async fn ask(house: &Path, path: &str, tag: Option<&str>) -> Result<Response<Bytes>, Error> {
        let url = Url::from_file_path(house.join("posts").join(path)).unwrap();
        let uri = url.as_str().replacen("file://", "file://localhost", 1);
        let mut request = Request::get(uri);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let limits = Limits { decoded: 200, ..Limits::default() };
        let permit = Permit { folder: Some(house.join("posts")), limits, ..Permit::default() };
        Ok(send(request.body(Bytes::new()).unwrap(), &permit).await?.response)
    }

    #[tokio::test]
    async fn a_file_with_tag_and_type() {
        let house = house();
        let answer = ask(house.path(), "a.xml", None).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/xml");
        assert_eq!(answer.body(), "<rss/>");
    }

    #[tokio::test]
    async fn an_unchanged_file_is_not_read_again() {
        let house = house();
        let first = ask(house.path(), "b 二.md", None).await.unwrap();
        let tag = first.headers()["etag"].to_str().unwrap();
        let again = ask(house.path(), "b 二.md", Some(tag)).await.unwrap();
        assert_eq!((again.status().as_u16(), again.body().len()), (304, 0));
        fs::write(house.path().join("posts/b 二.md"), "edited").unwrap();
        let edited = ask(house.path(), "b 二.md", Some(tag)).await.unwrap();
        assert_eq!((edited.status().as_u16(), edited.body().as_ref()), (200, &b"edited"[..]));
    }

    #[tokio::test]
    async fn a_folder_lists_its_files_in_order() {
        let house = house();
        let answer = ask(house.path(), "", None).await.unwrap();
        assert_eq!(answer.headers()["content-type"], LISTING);
        let listing = std::str::from_utf8(answer.body()).unwrap();
        let names: Vec<_> =
            listing.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
        assert_eq!(
            names.iter().map(|parts| parts[0]).collect::<Vec<_>>(),
            ["a.xml", "b 二.md", "folder/c.md", "link"]
        );
        assert_eq!(names[0][1], "6");
        assert!(names[0][2].parse::<u64>().unwrap() > 1_700_000_000_000);
    }

    #[tokio::test]
    async fn nothing_outside_the_folder() {
        let house = house();
        for path in ["../secret", "link", "folder/../../secret", "..%2fsecret"] {
            let error = ask(house.path(), path, None).await.unwrap_err();
            assert!(!error.to_string().is_empty() && !matches!(error, Error::Timeout(_)), "{path}");
        }
        assert!(matches!(ask(house.path(), "link", None).await, Err(Error::Refused(_))));
    }

    #[tokio::test]
    async fn without_a_folder_nothing_is_read() {
        let request = Request::get("file://localhost/etc/passwd").body(Bytes::new()).unwrap();
        assert!(matches!(send(request, &Permit::default()).await, Err(Error::Refused(_))));
    }

    #[tokio::test]
    async fn a_missing_file_is_named() {
        let house = house();
        let error = ask(house.path(), "gone.md", None).await.unwrap_err();
        assert_eq!(error.to_string(), "`gone.md` does not exist");
    }

    #[tokio::test]
    async fn too_long_a_file_is_refused() {
        let house = house();
        fs::write(house.path().join("posts/long.md"), "x".repeat(201)).unwrap();
        assert!(matches!(ask(house.path(), "long.md", None).await, Err(Error::TooLarge(_))));
    }

    #[tokio::test]
    async fn a_compressed_file_is_unpacked_within_the_same_bounds() {
        let house = house();
        let press = async |plain: &str| {
            let mut packed = Vec::new();
            GzipEncoder::new(plain.as_bytes()).read_to_end(&mut packed).await.unwrap();
            packed
        };
        let posts = house.path().join("posts");
        fs::write(posts.join("map.xml.gz"), press("<urlset/>").await).unwrap();
        fs::write(posts.join("long.gz"), press(&"x".repeat(201)).await).unwrap();
        fs::write(posts.join("cut.gz"), &press("<urlset/>").await[..12]).unwrap();
        let unpacked = ask(house.path(), "map.xml.gz", None).await.unwrap();
        assert_eq!(unpacked.body(), "<urlset/>");
        assert!(matches!(ask(house.path(), "long.gz", None).await, Err(Error::TooLarge(_))));
        assert!(matches!(ask(house.path(), "cut.gz", None).await, Err(Error::Broken(_))));
    }
}
