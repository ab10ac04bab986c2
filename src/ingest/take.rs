//! Taking what a list shows: which entries changed, their details, the items they become, slice by slice.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;

use super::ask::{Listing, UNREADABLE};
use super::failure::Failure;
use super::identity;
use super::poll::Poll;
use super::schedule::{self, Outcome};
use super::{Report, Upstream};
use crate::adapter::{Ask, Entry, Problem};
use crate::model::cause::Cause;
use crate::model::draft::Refined;
use crate::model::item::Candidate;
use crate::model::rhythm::Rhythm;
use crate::model::source::{KeyRule, Mark, Validators};
use crate::model::time::Timestamp;
use crate::net::{Answer, Room};
use crate::store::{self, Committed, Finish, Hold, Known, Sighting, Slice};

/// Details asked at once; the door out keeps its own bound a host.
const REMOTE_AT_ONCE: usize = 8;
const LOCAL_AT_ONCE: usize = 4;
/// Times a detail is asked before its item is published without.
const PATIENCE: u32 = 3;
/// Problems kept in words.
const TOLD: usize = 5;
/// Entries committed together, where details come from this machine and where from others.
const LOCAL_SLICE: usize = 128;
const REMOTE_SLICE: usize = 25;

/// What is left to do after the entries were taken.
#[derive(Default)]
struct Debts {
    /// Details that may still be asked in this poll.
    budget: usize,
    /// Entries of the list looked at so far.
    passed: usize,
    /// Those of them whose items are known by another identifier.
    renamed: usize,
    /// Those owed from polls before, by the key of their mark, and how often they failed.
    owed: HashMap<u64, u32>,
    /// Whether an entry known before looks different.
    changed: bool,
    /// Details beyond the budget.
    owing: bool,
    /// Details that came.
    paid: usize,
    /// How often the detail that failed most failed; those given up do not count.
    tries: u32,
    /// When upstream wants to be asked again.
    retry_after: Option<Timestamp>,
    /// A host of details that wants to be left alone.
    hold: Option<Box<Hold>>,
    /// The first entry that comes in later.
    later: Option<Timestamp>,
    problems: Vec<Problem>,
    /// When those items say they were published that were not known before.
    news: Vec<Option<Timestamp>>,
    /// Whether nothing of the last answer is in this one.
    missed: bool,
    /// Identifiers met in this poll, and which entry had them first.
    guids: HashMap<String, (u64, String)>,
}

impl Debts {
    /// Tells of two entries that claim one identifier: they are one item, whatever their words.
    fn meet(&mut self, name: &str, mark: Mark, candidate: &Candidate) {
        let Some(guid) = &candidate.guid else { return };
        match self.guids.get(guid) {
            Some((key, _)) if *key == mark.key => {}
            Some((_, first)) => self.problems.push(Problem::of_document(format!(
                "`{name}` and `{first}` have the same identifier `{guid}` and are taken for one item; give one of them another"
            ))),
            None => drop(self.guids.insert(guid.clone(), (mark.key, name.to_owned()))),
        }
    }
}

impl Poll<'_> {
    /// Takes what the list shows, slice by slice, and closes the poll with the last one.
    pub(super) async fn take(
        &self,
        mut listing: Listing,
        report: &mut Report,
    ) -> Result<(), store::Error> {
        let loss = self.loss(&listing);
        let source = &self.upstream.source;
        identity::tell(source, &self.lease.state, &mut listing);
        let (entries, learned) = identity::distinct(&mut listing, source);
        let answer: Vec<u64> = entries.iter().map(|entry| entry.mark.key).collect();
        let (length, budget) = match self.upstream.source.is_local() {
            true => (LOCAL_SLICE, usize::MAX),
            false => (REMOTE_SLICE, self.upstream.source.budget),
        };
        let mut debts = Debts { budget, retry_after: listing.retry_after, ..Debts::default() };
        debts.missed = self.is_gap(&listing, &answer);
        debts.owed = std::mem::take(&mut listing.last.owed);
        let mut entries = entries.into_iter().peekable();
        let mut prepared: Option<Slice> = None;
        loop {
            let some: Vec<Entry> = entries.by_ref().take(length).collect();
            // One slice is written while the next is read.
            let (committed, slice) = futures_util::join!(
                async {
                    match prepared.take() {
                        Some(slice) => self.commit(slice).await,
                        None => Ok(Committed::default()),
                    }
                },
                self.slice(some, &mut debts)
            );
            report.add(committed?);
            let (mut slice, unchanged) = slice?;
            report.unchanged += unchanged;
            if entries.peek().is_some() {
                prepared = Some(slice);
                continue;
            }
            listing.problems.append(&mut debts.problems);
            report.problems = told(&listing.problems);
            report.trouble.clone_from(&loss);
            report.cause = loss.as_ref().map(|_| Cause::Doubtful);
            slice.finish = Some(self.finish(&listing, &debts, answer, loss, learned));
            report.add(self.commit(slice).await?);
            return Ok(());
        }
    }

    /// What is remembered of this poll. While anything is owed or in doubt the old validators stay, so
    /// that the next poll sees the whole answer again.
    fn finish(
        &self,
        listing: &Listing,
        debts: &Debts,
        answer: Vec<u64>,
        loss: Option<String>,
        learned: Option<KeyRule>,
    ) -> Finish {
        let (source, state) = (&self.upstream.source, &self.lease.state);
        let renamed = identity::is_habit(debts.renamed, debts.passed);
        let is_whole = loss.is_none() && !listing.is_cut && !listing.is_shrunk;
        let settled = !debts.owing && debts.tries == 0 && debts.later.is_none() && is_whole;
        let rhythm = self.rhythm(&debts.news);
        let due = self.due(outcome(debts, listing, rhythm));
        // What was pushed tells of changes alone: not of what else there is, nor when to ask.
        let is_asked = !listing.is_pushed;
        let due = match (is_asked, state.due) {
            (false, Some(before)) if settled => before,
            (false, Some(before)) => before.min(if listing.is_cut { self.now } else { due }),
            _ => due,
        };
        // A push that comes late may bring an older version than the last poll did, so that the next poll
        // looks at everything again.
        let validators = || match !is_asked && debts.changed {
            true => listing.validators.iter().map(Validators::without_conditions).collect(),
            false => listing.validators.clone(),
        };
        // Nor does it say that the source itself is well again.
        let is_well = is_asked || state.trouble.is_none();
        let (trouble, cause) = match is_well {
            true => (loss.clone(), loss.as_ref().map(|_| Cause::Doubtful)),
            false => (state.trouble.clone(), state.cause),
        };
        Finish {
            succeeded: is_well,
            is_soft: !is_well,
            validators: (settled && (is_asked || !state.unfinished)).then(validators),
            answer: (loss.is_none() && is_asked).then_some(answer),
            whole: listing.whole && loss.is_none(),
            due: Some(due),
            hold: debts.hold.clone().or_else(|| listing.hold.clone()).map(|hold| *hold),
            cause,
            trouble,
            problems: told(&listing.problems),
            title: listing.about.title.clone(),
            id: listing.about.id.clone(),
            learned: learned
                .or_else(|| identity::given_up(source, state, renamed))
                .filter(|_| is_asked),
            renamed: renamed && is_asked,
            hub: listing.hub.clone().filter(|hub| self.listens_to(hub)),
            pause: listing.about.pause,
            rhythm: Some(rhythm),
            missed: debts.missed,
            whereabouts: self.changed(listing.whereabouts.clone()),
        }
    }

    /// Whether something may have come and gone between the last answer and this one. What shows all
    /// there is has no such gaps, and of few entries nothing can be said.
    fn is_gap(&self, listing: &Listing, answer: &[u64]) -> bool {
        const FEW: usize = 3;
        let before = &listing.last.keys;
        let is_long = answer.len() >= FEW && before.len() >= FEW;
        is_long
            && !listing.whole
            && !listing.is_pushed
            && !answer.iter().any(|key| before.binary_search(key).is_ok())
    }

    /// How often something new comes, as far as this answer tells.
    fn rhythm(&self, news: &[Option<Timestamp>]) -> Rhythm {
        let state = &self.lease.state;
        match state.rhythm.news {
            // The rest of what was there all along.
            Some(_) if state.unfinished => state.rhythm,
            None => Rhythm::of(news.iter().flatten().copied(), self.now),
            Some(_) => state.rhythm.after(!news.is_empty(), self.now),
        }
    }

    /// Entries → sightings: those that changed, with their details; and how many are as they were.
    async fn slice(
        &self,
        entries: Vec<Entry>,
        debts: &mut Debts,
    ) -> Result<(Slice, usize), store::Error> {
        let known = self.known(&entries).await?;
        let first = debts.passed;
        debts.passed += entries.len();
        debts.changed |= known.values().any(|known| matches!(known, Known::Changed { .. }));
        debts.renamed += known.values().filter(|known| **known == Known::Renamed).count();
        let (mut taken, mut asks, mut unchanged) = (Vec::new(), Vec::new(), 0);
        for (place, entry) in entries.into_iter().enumerate() {
            match self.want(&entry, known.get(&entry.mark.key).copied()) {
                Want::Nothing => unchanged += 1,
                Want::Entry => taken.push(Taken::listed(first + place, entry)),
                Want::Detail if debts.budget == 0 => debts.owing = true,
                Want::Detail => {
                    debts.budget -= 1;
                    asks.push((first + place, entry));
                }
            }
        }
        // One that asks to be left alone is not asked for the rest of this poll.
        let is_busy = AtomicBool::new(false);
        let asks = asks.into_iter().map(async |(place, entry)| {
            if is_busy.load(Ordering::Relaxed) {
                return Followed { place, entry, outcome: None };
            }
            let outcome = self.answer(&entry).await;
            let asks_for_peace = outcome.as_ref().is_err_and(|failure| failure.refusal().is_busy);
            is_busy.fetch_or(asks_for_peace, Ordering::Relaxed);
            Followed { place, entry, outcome: Some(outcome) }
        });
        let answers = futures_util::stream::iter(asks).buffered(self.at_once()).collect().await;
        let details = self.complete(answers).await?;
        let mut owed = Vec::new();
        if is_busy.into_inner() {
            debts.budget = 0;
        }
        for Followed { place, entry, outcome } in details {
            let Some(outcome) = outcome else {
                debts.owing = true;
                continue;
            };
            match outcome {
                Ok(Detail { entry: whole, mut problems }) => {
                    debts.paid += 1;
                    debts.problems.append(&mut problems);
                    let name = name_of(&entry, place);
                    taken.push(Taken { place, name, entry: whole, detailed: true });
                }
                Err(failure) => match self.owe(&entry, place, &failure, debts) {
                    Debt::Owed => owed.push(entry.mark.key),
                    Debt::Waived => taken.push(Taken::listed(place, entry)),
                },
            }
        }
        // The list's order is what tells two items of one time apart.
        taken.sort_by_key(|taken| taken.place);
        let sightings = self.refine(taken, debts).await?;
        for sighting in &sightings {
            if let (Refined::Item(candidate), Some(Known::New)) =
                (&sighting.refined, known.get(&sighting.mark.key))
            {
                debts.news.push(candidate.published);
            }
        }
        Ok((Slice { sightings, owed, finish: None }, unchanged))
    }

    /// What is to be done with an entry, given what is known of it.
    fn want(&self, entry: &Entry, known: Option<Known>) -> Want {
        match known.unwrap_or(Known::New) {
            Known::Same if !self.force => Want::Nothing,
            Known::Elsewhere | Known::Renamed | Known::Changed { elsewhere: true } => Want::Entry,
            _ if entry.follow.is_none() || entry.draft.dropped.is_some() => Want::Entry,
            _ => Want::Detail,
        }
    }

    /// Details asked at once. Files come one after the other from one disk.
    fn at_once(&self) -> usize {
        if self.upstream.source.is_local() { LOCAL_AT_ONCE } else { REMOTE_AT_ONCE }
    }

    /// Asks what completes an entry.
    async fn answer(&self, entry: &Entry) -> Result<(Ask, Answer), Failure> {
        let request = entry.follow.clone().ok_or_else(|| Failure::because("it has none"))?;
        let ask = Ask::detail(request, entry.clone());
        let answer = self.exchange(&ask.request).await?;
        // An empty file is what its author made it.
        if !self.upstream.source.is_local() {
            self.check(&answer.at, &answer.response)?;
        }
        // Details wait for each other, and must not do so for the room they take.
        Ok((ask, Answer { room: Room::default(), ..answer }))
    }

    /// Reads the answers, all of a slice in one go off the runtime.
    async fn complete(
        &self,
        answers: Vec<Followed<(Ask, Answer)>>,
    ) -> Result<Vec<Followed<Detail>>, store::Error> {
        let upstream = Arc::clone(self.upstream);
        let complete = move |Followed { place, entry, outcome }| {
            let name = name_of(&entry, place);
            let outcome = outcome.map(|outcome| {
                outcome.and_then(|answer| complete(&upstream, &entry, &name, answer))
            });
            Followed { place, entry, outcome }
        };
        let all = move || answers.into_iter().map(complete).collect();
        let completed = self.work(all).await;
        completed.map_err(|error| store::Error::Failed(error.to_string()))
    }

    /// A detail that failed is asked again next time; when it failed too often, its item goes without.
    fn owe(&self, entry: &Entry, place: usize, failure: &Failure, debts: &mut Debts) -> Debt {
        let tries = debts.owed.get(&entry.mark.key).copied().unwrap_or(0) + 1;
        let (name, what) = (name_of(entry, place), &failure.what);
        let count = match tries {
            0..=PATIENCE => format!("{tries} of {PATIENCE} tries"),
            _ => format!("{tries} tries, and without it there is nothing to publish"),
        };
        let told = format!("the detail of `{name}` failed ({count}): {what}");
        debts.problems.push(Problem::of_document(told));
        debts.retry_after =
            debts.retry_after.max(schedule::peace(failure.refusal(), self.clock.now()));
        let until = |hold: &Option<Box<Hold>>| hold.as_ref().map(|hold| hold.until);
        if until(&failure.hold) > until(&debts.hold) {
            debts.hold.clone_from(&failure.hold);
        }
        if tries < PATIENCE {
            debts.tries = debts.tries.max(tries);
        }
        if tries < PATIENCE || entry.draft.title.is_none() { Debt::Owed } else { Debt::Waived }
    }

    /// Refines off the runtime, and keeps in words what could not be used.
    async fn refine(
        &self,
        taken: Vec<Taken>,
        debts: &mut Debts,
    ) -> Result<Vec<Sighting>, store::Error> {
        let (upstream, now) = (Arc::clone(self.upstream), self.now);
        let refine = move || {
            taken.into_iter().map(|taken| refine(&upstream, taken, now)).collect::<Vec<_>>()
        };
        let refined = self.work(refine).await;
        let refined = refined.map_err(|error| store::Error::Failed(error.to_string()))?;
        let mut sightings = Vec::with_capacity(refined.len());
        for (name, sighting) in refined {
            match &sighting.refined {
                Refined::Later(at) => {
                    debts.later = Some(debts.later.map_or(*at, |first| first.min(*at)));
                }
                Refined::Unusable(why) => {
                    debts
                        .problems
                        .push(Problem::of_document(format!("entry `{name}` is not usable: {why}")));
                }
                Refined::Item(candidate) => debts.meet(&name, sighting.mark, candidate),
                Refined::Dropped(_) | Refined::Retracted(_) => {}
            }
            sightings.push(sighting);
        }
        Ok(sightings)
    }
}

/// What is to be done with an entry.
enum Want {
    /// It is as it was.
    Nothing,
    /// It is complete as the list shows it.
    Entry,
    /// Its detail is to be asked first.
    Detail,
}

/// What becomes of an entry whose detail failed.
enum Debt {
    /// It is asked again next time.
    Owed,
    /// The entry is taken as the list shows it.
    Waived,
}

/// An entry of the list whose detail was asked, and what came of that.
struct Followed<T> {
    place: usize,
    entry: Entry,
    /// None where it was not asked after all.
    outcome: Option<Result<T, Failure>>,
}

/// An entry with what its detail said.
struct Detail {
    entry: Entry,
    problems: Vec<Problem>,
}

/// Completes an entry by the answer to its detail. One that holds nothing is a failure like any
/// other, and so is a panic: it costs this entry and not its neighbours (T-38).
fn complete(
    upstream: &Upstream,
    entry: &Entry,
    name: &str,
    (ask, answer): (Ask, Answer),
) -> Result<Detail, Failure> {
    let parse = || upstream.adapter.parse(&ask, &answer.at, &answer.response);
    let parsed = catch_unwind(AssertUnwindSafe(parse));
    let mut parsed = parsed.map_err(|_| Failure::because(UNREADABLE))?;
    let Some(whole) = parsed.entries.pop() else {
        let what = parsed.problems.pop().map(|problem| problem.what);
        return Err(Failure::because(what.unwrap_or_else(|| "it holds nothing".to_owned())));
    };
    let of_this = |problem: Problem| {
        let problem = Problem { entry: None, ..problem };
        Problem::of_document(format!("`{name}`: {problem}"))
    };
    let problems = parsed.problems.into_iter().map(of_this).collect();
    let by = entry.draft.by;
    let mut entry = Entry { mark: entry.mark, ..whole };
    entry.draft.by = by;
    Ok(Detail { entry, problems })
}

/// An entry to be refined.
struct Taken {
    /// Where in its list it stands, from zero.
    place: usize,
    /// What its list calls it, for people.
    name: String,
    entry: Entry,
    /// Whether its detail was asked.
    detailed: bool,
}

impl Taken {
    /// As the list shows it.
    fn listed(place: usize, entry: Entry) -> Taken {
        Taken { place, name: name_of(&entry, place), entry, detailed: false }
    }
}

/// One entry with its name for people. A panic costs this entry and not its neighbours (T-38).
fn refine(upstream: &Upstream, taken: Taken, now: Timestamp) -> (String, Sighting) {
    let Taken { name, entry, detailed, .. } = taken;
    let mark = entry.mark;
    let refined = catch_unwind(AssertUnwindSafe(|| entry.draft.refine(&upstream.source, now)));
    let broken =
        |_| Refined::Unusable("reading it failed inside Feedloom; please report it".to_owned());
    (name, Sighting { mark, refined: refined.unwrap_or_else(broken), detailed })
}

/// What an entry is called when people are told of it; one that says nothing yet, by its detail's
/// address, else by its place in the list.
fn name_of(entry: &Entry, place: usize) -> String {
    let draft = &entry.draft;
    let title = draft.title.as_ref().map(|title| &title.raw);
    let said = draft.guid.as_ref().or(draft.link.as_ref()).or(title);
    let of_detail = || entry.follow.as_ref().map(|request| last_segment(request.uri().path()));
    said.cloned().or_else(of_detail).unwrap_or_else(|| format!("number {}", place + 1))
}

/// The last segment of a path, as people write it.
fn last_segment(path: &str) -> String {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

fn outcome(debts: &Debts, listing: &Listing, rhythm: Rhythm) -> Outcome {
    match debts {
        Debts { retry_after: Some(retry_after), .. } => Outcome::Held { retry_after: *retry_after },
        Debts { tries: tries @ 1.., .. } => Outcome::Indebted { tries: *tries },
        Debts { owing: true, paid: 1.., .. } => Outcome::Owing,
        // Where none came, the next would not either.
        Debts { owing: true, .. } => Outcome::Indebted { tries: 1 },
        Debts { later: Some(at), .. } => Outcome::Awaiting(*at),
        _ if listing.is_shrunk => Outcome::Doubted,
        _ => Outcome::Answered(listing.said(listing.about.pause, rhythm)),
    }
}

/// The first few problems in words, and how many there are besides.
fn told(problems: &[Problem]) -> Vec<String> {
    let mut told: Vec<String> = problems.iter().take(TOLD).map(ToString::to_string).collect();
    if problems.len() > TOLD {
        told.push(format!("and {} more", problems.len() - TOLD));
    }
    told
}
