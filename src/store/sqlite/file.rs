//! The database file: whether it is ours and whole, how it is opened, who else has it open.
//!
//! What is not ours or not whole is refused before anything is written to it. A thorough check
//! of a large file would take minutes at every start, so beyond the header only small files are
//! read through (`PRAGMA quick_check`); damage elsewhere shows when it is met.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;
use crate::store::Error;

/// "FdLm": tells our files from other programs' (SQLite file format, section 1.3.18).
const APPLICATION: u32 = 0x4664_4c6d;

/// Below this SQLite may lose committed writes in WAL mode with several connections.
const OLDEST: i32 = 3_051_003;

/// How long to wait for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest file that is read through at every start.
const SMALL: u64 = 32 << 20;

/// Refuses a library that can corrupt the file.
pub(super) fn check_library() -> Result<(), Error> {
    match rusqlite::version_number() {
        number if number >= OLDEST => Ok(()),
        _ => Err(Error::Unusable(format!(
            "SQLite {} can lose committed writes; 3.51.3 or newer is needed",
            rusqlite::version()
        ))),
    }
}

/// Opens the file for writing, made and migrated where needed.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    check(path).map_err(|error| about(path, error))?;
    prepare(path).map_err(|error| about(path, error))
}

fn prepare(path: &Path) -> Result<Connection, Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // Written before the switch to WAL, so that it stands in the file itself from the first moment.
    let ours: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if ours != APPLICATION {
        connection.pragma_update(None, "application_id", APPLICATION)?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    tune(&connection, 8 << 10)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Keys are hashes, so a slice touches pages all over the file; the longer the log may grow, the
    // more slices share the writing of each.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Opens it once more, for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(PATIENCE)?;
    tune(&connection, 2 << 10)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A database that lives as long as its connection.
pub(super) fn open_memory() -> Result<Connection, Error> {
    let mut connection = Connection::open_in_memory()?;
    tune(&connection, 32 << 10)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

fn tune(connection: &Connection, cache: i64) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "cache_size", -cache)?;
    // Without this SQLite plans a statement anew whenever a value is bound that a partial index
    // could depend on; ours never should.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection.pragma_update(None, "foreign_keys", true)?)
}

/// Refuses what is not ours or not whole; makes the folder when there is nothing yet.
fn check(path: &Path) -> Result<(), Error> {
    let Some(header) = header(path)? else {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return folder.map_or(Ok(()), |folder| fs::create_dir_all(folder).map_err(unreadable));
    };
    if !header.starts_with(b"SQLite format 3\0") || header.len() < 100 {
        return Err(refused("is no database; it was left as it is"));
    }
    let number = |at: usize| {
        u32::from_be_bytes(header[at..at + 4].try_into().expect("the header has 100 bytes"))
    };
    if number(68) != APPLICATION {
        return Err(refused("is another program's database; it was left as it is"));
    }
    if number(60) > schema::NEWEST {
        return Err(schema::too_new(number(60)));
    }
    if beside(path, "-journal").exists() {
        // It died while being made, before it had a log; opening it for writing puts that right.
        return Ok(());
    }
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    let length = fs::metadata(path).map_err(unreadable)?.len();
    // With changes waiting in the log the file may be behind its header, rightly so.
    if log == 0 && length < u64::from(number(28)) * page_size(&header) {
        return Err(damaged("its end is missing"));
    }
    probe(path, length)
}

/// Looks without touching: a read-only connection neither repairs nor moves the log.
fn probe(path: &Path, length: u64) -> Result<(), Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(PATIENCE)?;
    let reached: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if reached > schema::NEWEST {
        return Err(schema::too_new(reached));
    }
    if reached == 0 {
        return Ok(());
    }
    let depth = if length <= SMALL { "PRAGMA quick_check(1)" } else { SHALLOW };
    let verdict: String = connection.query_row(depth, [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(&verdict)) }
}

/// Walks to both ends of what everything else hangs on.
const SHALLOW: &str = "SELECT 'ok' FROM (
    SELECT count(*), (SELECT max(revision) FROM log), (SELECT min(revision) FROM log),
        (SELECT max(row) FROM item), (SELECT min(row) FROM item), (SELECT max(item) FROM body),
        (SELECT sum(value) FROM counter), (SELECT count(*) FROM shelf)
    FROM source)";

/// The first bytes of the file; none when there is no file, or an empty one.
fn header(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut header = Vec::with_capacity(100);
    file.take(100).read_to_end(&mut header).map_err(unreadable)?;
    Ok((!header.is_empty()).then_some(header))
}

/// SQLite file format, section 1.3.2: 1 stands for 65,536.
fn page_size(header: &[u8]) -> u64 {
    match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    }
}

/// A claim on the file for as long as this lives, so that whoever comes first after a crash knows
/// that nobody else is left. SQLite's own locks cannot tell that.
///
/// Where the file system has no locks all that is lost is the quick start after a crash.
pub(super) struct Presence {
    file: File,
    alone: bool,
}

impl Presence {
    /// Claims the file, for itself alone when nobody else has it.
    pub(super) fn claim(path: &Path) -> Result<Presence, Error> {
        let lock = beside(path, "-lock");
        let file = OpenOptions::new().create(true).append(true).open(&lock);
        let file = file.map_err(|error| about(&lock, unreadable(error)))?;
        let alone = file.try_lock().is_ok();
        Ok(Presence { file, alone })
    }

    /// Runs `first` if nobody else has the file, then lets others in.
    pub(super) fn admit(&self, first: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        if self.alone {
            first()?;
            let _ = self.file.unlock();
        }
        let _ = self.file.lock_shared();
        Ok(())
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn refused(what: &str) -> Error {
    Error::Unusable(format!("{what}: name another file in `[store]`, or move this one away"))
}

fn damaged(what: &str) -> Error {
    Error::Unusable(format!(
        "is damaged ({what}); it was left as it is: restore it from a copy, or move it away to begin anew"
    ))
}

fn unreadable(error: std::io::Error) -> Error {
    Error::Unusable(format!("cannot be opened: {error}"))
}

fn about(path: &Path, error: Error) -> Error {
    let named = |what| format!("database `{}`: {what}", path.display());
    match error {
        Error::Unusable(what) => Error::Unusable(named(what)),
        Error::Failed(what) => Error::Failed(named(what)),
        lost @ Error::LeaseLost(_) => lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/feedloom.db");
        drop(open(&path).expect("a fresh database"));
        (folder, path)
    }

    /// Changes the file, expects a refusal that says `why`, and that nothing was written.
    fn x_05(change: impl FnOnce(&mut Vec<u8>), why: &str) {
        let (_folder, path) = made();
        let mut bytes = fs::read(&path).expect("a file");
        change(&mut bytes);
        fs::write(&path, &bytes).expect("a file");
        let error = open(&path).expect_err(why);
        assert!(matches!(&error, Error::Unusable(what) if what.contains(why)), "{error}");
        assert!(error.to_string().contains("feedloom.db"), "{error}");
        assert!(fs::read(&path).expect("a file") == bytes, "{why}: the file was written to");
    }

    #[test]
    fn a_missing_folder_is_made_and_the_file_is_taken_again() {
        let (_folder, path) = made();
        drop(open(&path).expect("our own"));
    }

    #[test]
    fn an_empty_file_counts_as_none() {
        let (_folder, path) = made();
        fs::write(&path, b"").expect("a file");
        drop(open(&path).expect("an empty file"));
    }

    #[test]
    fn x_05_zeroed_header() {
        x_05(|bytes| bytes[..100].fill(0), "is no database");
    }

    #[test]
    fn x_05_something_else() {
        x_05(|bytes| *bytes = b"[site]\ntitle = \"x\"\n".to_vec(), "is no database");
    }

    #[test]
    fn x_05_another_programs_database() {
        x_05(|bytes| bytes[68..72].fill(0), "another program's");
    }

    #[test]
    fn x_05_newer_schema() {
        x_05(|bytes| bytes[60..64].copy_from_slice(&99u32.to_be_bytes()), "schema 99");
    }

    #[test]
    fn x_05_truncated() {
        x_05(|bytes| bytes.truncate(bytes.len() / 2), "its end is missing");
    }

    #[test]
    fn x_05_flipped_page() {
        x_05(
            |bytes| {
                let page = page_size(bytes) as usize;
                bytes[page..page + 200].fill(0xa5);
            },
            "damaged",
        );
    }

    #[test]
    fn another_process_at_work_is_waited_for_and_shared_with() {
        let (_folder, path) = made();
        let first = Presence::claim(&path).expect("a lock");
        first.admit(|| Ok(())).expect("admitted");
        let second = Presence::claim(&path).expect("a lock");
        assert!(first.alone && !second.alone);
        second.admit(|| panic!("the first one's leases stand")).expect("admitted");
        drop((first, second));
        assert!(Presence::claim(&path).expect("a lock").alone);
    }

    #[test]
    fn a_folder_in_its_place_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(open(folder.path()), Err(Error::Unusable(_))));
    }
}
