//! The one writer: a thread that owns the writing connection and commits waiting units together.
//!
//! A commit costs one flush to the disk however much is in it, so whatever waits goes along. Each
//! unit in company stands under a savepoint of its own: an error or a panic in one undoes that one
//! alone. A unit that is sure of itself goes without one, which costs more than what most polls
//! write; should it fail all the same, what it shares a transaction with fails with it. No unit is
//! answered before the commit, so that an answer always means "on the disk".
//!
//! It knows nothing of what the units do.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::statement::Statement;
use crate::store::Error;

/// Units that may wait; whoever brings one more waits outside.
const WAITING: usize = 256;

/// A change somebody waits for.
trait Unit: Send {
    /// Makes the change; answers whether it stands.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Whether only what hits everybody can make it fail, such as a full disk.
    fn is_sure(&self) -> bool;

    /// Tells who waits: what came of it, or why the commit it was part of failed.
    fn tell(self: Box<Self>, failure: Option<&Error>);
}

struct Work<T, F> {
    work: Option<F>,
    is_sure: bool,
    result: Option<Result<T, Error>>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Unit for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Error> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let work = self.work.take().expect("a unit runs once");
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = result.unwrap_or_else(|_| Err(Error::Failed(PANICKED.to_owned())));
        self.result.insert(result).is_ok()
    }

    fn is_sure(&self) -> bool {
        self.is_sure
    }

    fn tell(self: Box<Self>, failure: Option<&Error>) {
        let result = match (self.result, failure) {
            (Some(Err(error)), _) => Err(error),
            (Some(result), None) => result,
            (_, failure) => Err(failure.map_or_else(ended, again)),
        };
        // Nobody listens when the caller was cancelled; the change stands all the same.
        let _ = self.answer.send(result);
    }
}

const PANICKED: &str = "the store met a fault of its own and undid this change; please report it";

fn ended() -> Error {
    Error::Failed("the store's writer has ended".to_owned())
}

/// The same failure for one more of those it hit.
fn again(failure: &Error) -> Error {
    match failure {
        Error::LeaseLost(source) => Error::LeaseLost(source.clone()),
        Error::Unusable(what) => Error::Unusable(what.clone()),
        Error::Failed(what) => Error::Failed(what.clone()),
    }
}

/// A handle to the thread; it ends with the handle.
pub(super) struct Writer {
    units: Option<mpsc::Sender<Box<dyn Unit>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on a connection that is open and migrated.
    pub(super) fn start(connection: Connection) -> Result<Writer, Error> {
        let (units, waiting) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || serve(&connection, waiting))
            .map_err(|error| {
                Error::Failed(format!("the store's thread does not start: {error}"))
            })?;
        Ok(Writer { units: Some(units), thread: Some(thread) })
    }

    /// Runs `work` in a transaction and returns what it answered, once that is durable.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(work, false).await
    }

    /// The same for work that fails only when nothing can be written at all, and refuses nothing once it
    /// has written something.
    pub(super) async fn submit_sure<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.enqueue(work, true).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        is_sure: bool,
    ) -> Result<T, Error> {
        let (answer, outcome) = oneshot::channel();
        let unit = Box::new(Work { work: Some(work), is_sure, result: None, answer });
        let units = self.units.as_ref().expect("taken only when dropped");
        units.send(unit).await.map_err(|_| ended())?;
        outcome.await.map_err(|_| ended())?
    }
}

impl Drop for Writer {
    /// Waits for the last commit, so that whoever dropped the store may open the file again.
    fn drop(&mut self) {
        self.units = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Unit>>) {
    let mut batch = VecDeque::new();
    while let Some(unit) = waiting.blocking_recv() {
        batch.push_back(unit);
        while batch.len() < WAITING
            && let Ok(unit) = waiting.try_recv()
        {
            batch.push_back(unit);
        }
        while !batch.is_empty() {
            commit(connection, &mut batch);
        }
    }
}

/// Runs units in one transaction and tells each. When a unit's failure ends the transaction (a full
/// disk does), those before it fail with it and the rest is left for the next one.
fn commit(connection: &Connection, batch: &mut VecDeque<Box<dyn Unit>>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        return tell(batch.drain(..), &Err(error));
    }
    let is_alone = batch.len() == 1;
    let mut done = Vec::with_capacity(batch.len());
    let mut outcome = Ok(());
    while outcome.is_ok()
        && let Some(mut unit) = batch.pop_front()
    {
        outcome = match (is_alone, unit.is_sure()) {
            (true, _) => alone(connection, unit.as_mut()),
            (false, true) => together(connection, unit.as_mut()),
            (false, false) => apart(connection, unit.as_mut()),
        };
        done.push(unit);
    }
    let outcome = outcome.and_then(|()| connection.execute_batch("COMMIT"));
    if !connection.is_autocommit() {
        // What cannot be rolled back either is rolled back by the next opening.
        let _ = connection.execute_batch("ROLLBACK");
    }
    tell(done.into_iter(), &outcome);
}

/// Runs the only unit. Nobody else's work can be undone with it, so it needs no savepoint, for
/// which SQLite would copy every page it touches.
fn alone(connection: &Connection, unit: &mut dyn Unit) -> rusqlite::Result<()> {
    let stands = unit.run(connection);
    if stands { Ok(()) } else { connection.execute_batch("ROLLBACK; BEGIN") }
}

/// Runs one unit that is sure of itself: its failure is the whole transaction's.
fn together(connection: &Connection, unit: &mut dyn Unit) -> rusqlite::Result<()> {
    if unit.run(connection) {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT);
    let what = "another change of the same transaction failed".to_owned();
    Err(rusqlite::Error::SqliteFailure(code, Some(what)))
}

/// Runs one unit under a savepoint. An error is the whole transaction's; the unit keeps its own.
fn apart(connection: &Connection, unit: &mut dyn Unit) -> rusqlite::Result<()> {
    connection.run("SAVEPOINT unit", [])?;
    if !unit.run(connection) {
        connection.run("ROLLBACK TO unit", [])?;
    }
    connection.run("RELEASE unit", [])?;
    Ok(())
}

fn tell(units: impl Iterator<Item = Box<dyn Unit>>, outcome: &rusqlite::Result<()>) {
    let failure = outcome.as_ref().err().map(Error::from);
    units.for_each(|unit| unit.tell(failure.as_ref()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch("CREATE TABLE t (n INTEGER)").expect("a table");
        Writer::start(connection).expect("a thread")
    }

    async fn insert(writer: &Writer, n: i64) -> Result<(), Error> {
        writer
            .submit(move |connection| {
                connection.execute("INSERT INTO t VALUES (?)", [n])?;
                match n {
                    7 => panic!("seven"),
                    8 => Err(Error::Failed("eight".to_owned())),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn stored(writer: &Writer) -> Vec<i64> {
        let all = |connection: &Connection| {
            let mut rows = connection.prepare("SELECT n FROM t ORDER BY n")?;
            let rows = rows.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        writer.submit(all).await.expect("a list")
    }

    #[tokio::test]
    async fn a_panic_or_error_in_one_unit_costs_that_one_alone() {
        let writer = writer();
        let all = (0..20).map(|n| insert(&writer, n));
        let outcomes = futures_util::future::join_all(all).await;
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.is_err(), n == 7 || n == 8, "{n}: {outcome:?}");
        }
        let expected: Vec<i64> = (0..20).filter(|n| *n != 7 && *n != 8).collect();
        assert_eq!(stored(&writer).await, expected);
    }

    #[tokio::test]
    async fn a_unit_that_ends_the_transaction_fails_those_before_it_and_not_those_after() {
        let writer = writer();
        let rollback = |connection: &Connection| {
            connection.execute_batch("ROLLBACK")?;
            Ok(())
        };
        let units =
            futures_util::future::join3(insert(&writer, 1), writer.submit(rollback), async {
                insert(&writer, 2).await
            });
        let (_, ended, _) = units.await;
        assert!(ended.is_err());
        insert(&writer, 3).await.expect("a fresh transaction");
        assert!(stored(&writer).await.contains(&3));
    }

    #[tokio::test]
    async fn a_unit_that_was_sure_and_failed_takes_its_company_with_it_and_no_more() {
        let writer = writer();
        let sure = |n: i64| {
            writer.submit_sure(move |connection| {
                connection.execute("INSERT INTO t VALUES (?)", [n])?;
                if n == 7 { Err(Error::Failed("seven".to_owned())) } else { Ok(()) }
            })
        };
        let outcomes = futures_util::future::join_all((0..20).map(sure)).await;
        assert!(outcomes[7].as_ref().is_err_and(|error| error.to_string().contains("seven")));
        let told = (0..20).zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        let expected: Vec<i64> = told.map(|(n, _)| n).collect();
        assert_eq!(stored(&writer).await, expected, "what was told stands, and nothing else");
        insert(&writer, 30).await.expect("it goes on");
    }

    #[tokio::test]
    async fn a_caller_that_went_away_undoes_nothing() {
        let writer = writer();
        drop(tokio::time::timeout(std::time::Duration::ZERO, insert(&writer, 1)).await);
        insert(&writer, 2).await.expect("it goes on");
        assert!(stored(&writer).await.contains(&2));
    }
}
