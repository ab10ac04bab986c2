//! What SQLite reports, in plain words and with what to do.

use rusqlite::ErrorCode;

use crate::store::Error;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::from(&error)
    }
}

impl From<&rusqlite::Error> for Error {
    fn from(error: &rusqlite::Error) -> Error {
        let what = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another process is writing to the database and did not finish in time"
            }
            Some(ErrorCode::DiskFull) => {
                "the disk that holds the database is full; free some space"
            }
            Some(ErrorCode::SystemIoFailure) => {
                "the disk that holds the database reports a failure; look at the disk"
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                "the database may not be written; look at the rights of its file and folder"
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                return Error::Unusable(format!(
                    "the database is damaged ({error}); restore it from a copy, or move it away to begin anew"
                ));
            }
            _ => return Error::Failed(format!("the database refused: {error}")),
        };
        Error::Failed(format!("{what} ({error})"))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn check(code: i32, expected: &str) {
        let error = Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn failures_say_what_to_do() {
        check(ffi::SQLITE_BUSY, "another process");
        check(ffi::SQLITE_FULL, "free some space");
        check(ffi::SQLITE_IOERR, "look at the disk");
        check(ffi::SQLITE_READONLY, "rights");
        check(ffi::SQLITE_CORRUPT, "restore it from a copy");
        check(ffi::SQLITE_MISUSE, "refused");
    }

    #[test]
    fn damage_stops_the_program_and_a_full_disk_does_not() {
        let error = |code| Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(matches!(error(ffi::SQLITE_CORRUPT), Error::Unusable(_)));
        assert!(matches!(error(ffi::SQLITE_FULL), Error::Failed(_)));
    }
}
