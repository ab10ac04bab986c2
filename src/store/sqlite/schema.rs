//! Numbered migrations, each applied at once or not at all, each known by its checksum.
//!
//! A migration that was released is never edited; the checksum would tell. `user_version` is the
//! number of the last one, so that an older release can refuse a newer file without reading it.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::store::Error;

/// In their order; the first has number 1.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
];

/// The schema this release writes.
pub(super) const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Brings a database of ours to the newest schema. Two processes may try at once; one waits.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let reached: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if reached > NEWEST {
        return Err(too_new(reached));
    }
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT",
    )?;
    for (number, sql) in (1..).zip(MIGRATIONS) {
        let checksum = Sha256::digest(sql.as_bytes()).to_vec();
        if number <= reached {
            verify(&transaction, number, &checksum)?;
            continue;
        }
        transaction.execute_batch(sql)?;
        transaction.execute("INSERT INTO migration VALUES (?, ?)", (number, &checksum))?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    Ok(transaction.commit()?)
}

fn verify(connection: &Connection, number: u32, checksum: &[u8]) -> Result<(), Error> {
    let sql = "SELECT count(*) FROM migration WHERE number = ? AND checksum = ?";
    let same: bool = connection.query_row(sql, (number, checksum), |row| row.get(0))?;
    if same {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "step {number} of the database's schema is not the one this release knows: \
         it was made by another build; use that build, or another database"
    )))
}

/// A file of a later release.
pub(super) fn too_new(found: u32) -> Error {
    Error::Unusable(format!(
        "the database has schema {found}, this release knows schemas up to {NEWEST}: \
         use the release that wrote it, or another database"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_18_migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection).expect("the first time");
        connection
            .execute("UPDATE counter SET value = 7 WHERE name = 'revision'", [])
            .expect("a row");
        migrate(&mut connection).expect("the second time");
        let sql = "SELECT value FROM counter WHERE name = 'revision'";
        assert_eq!(connection.query_row(sql, [], |row| row.get::<_, i64>(0)), Ok(7));
    }

    #[test]
    fn x_18_a_schema_of_another_build_is_refused() {
        let mut connection = Connection::open_in_memory().expect("memory");
        migrate(&mut connection).expect("the first time");
        connection.execute("UPDATE migration SET checksum = x'00'", []).expect("a row");
        let error = migrate(&mut connection).expect_err("another build's");
        assert!(error.to_string().contains("another build"), "{error}");
    }

    #[test]
    fn x_18_a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().expect("memory");
        connection.pragma_update(None, "user_version", NEWEST + 1).expect("a pragma");
        let error = migrate(&mut connection).expect_err("newer");
        assert!(
            matches!(error, Error::Unusable(_))
                && error.to_string().contains(&format!("schema {}", NEWEST + 1)),
            "{error}"
        );
    }
}
