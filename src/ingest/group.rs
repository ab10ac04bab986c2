//! Sources that ask the same share one fetch (reliability row P-19): whichever is due first asks, and the
//! others follow on what it brought, one after the other, due or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, StatusCode, Uri};

use super::Upstream;
use crate::adapter::Request;
use crate::model::source::SourceId;
use crate::model::time::Timestamp;
use crate::net::{self, Answer, Room};

/// Bytes of answers that are kept for those who follow.
const MOST: usize = 2 << 20;

/// Which sources ask the same, by source; who asks alone is in none.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<SourceId, Arc<[SourceId]>>);

impl Groups {
    /// Those whose questions and permits are equal, so that none gets by another what it may not ask.
    pub(super) fn of<'a>(
        upstreams: impl IntoIterator<Item = &'a Upstream>,
        now: Timestamp,
    ) -> Groups {
        let mut alike: HashMap<&Uri, Vec<&Upstream>> = HashMap::new();
        for upstream in upstreams.into_iter().filter(|upstream| !upstream.source.is_local()) {
            alike.entry(&upstream.source.url).or_default().push(upstream);
        }
        let mut groups = HashMap::new();
        // Who is alone at an address is not asked what it would ask.
        for mut some in alike.into_values().filter(|some| some.len() > 1) {
            some.sort_by_key(|upstream| upstream.source.rank);
            while let Some(first) = some.first().copied() {
                let asked = questions(first, now);
                let is_same = |upstream: &&Upstream| {
                    upstream.permit == first.permit
                        && upstream.source.robots == first.source.robots
                        && questions(upstream, now) == asked
                };
                let (same, rest): (Vec<_>, Vec<_>) = some.into_iter().partition(is_same);
                let ids: Arc<[_]> =
                    same.iter().map(|upstream| upstream.source.id.clone()).collect();
                if ids.len() > 1 {
                    groups.extend(ids.iter().map(|id| (id.clone(), ids.clone())));
                }
                some = rest;
            }
        }
        Groups(groups)
    }

    /// All that ask what this one asks, itself among them.
    pub(super) fn with(&self, source: &SourceId) -> Option<&Arc<[SourceId]>> {
        self.0.get(source)
    }
}

/// What a request asks, its conditions aside.
#[derive(PartialEq)]
struct Question {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Question {
    fn of(request: &Request) -> Question {
        let mut headers = request.headers().clone();
        headers.remove(IF_NONE_MATCH);
        headers.remove(IF_MODIFIED_SINCE);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Question { method, uri, headers, body: request.body().clone() }
    }
}

fn questions(upstream: &Upstream, now: Timestamp) -> Vec<Question> {
    let asks = upstream.adapter.asks(&upstream.source, now);
    asks.iter().map(|ask| Question::of(&ask.request)).collect()
}

/// What was asked, and what came of it.
type Answered = (Request, Result<Answer, net::Error>);

/// What one of a group brought, for those who follow; gone with the last of them.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// Who is still to follow, the next one last.
    pub(super) left: Vec<SourceId>,
    /// When it was asked: the same moment for all, so that they ask the same.
    pub(super) now: Timestamp,
    answers: Arc<Mutex<Vec<Answered>>>,
}

impl Shared {
    /// For those who follow on what `first` brings.
    pub(super) fn led_by(
        first: &SourceId,
        members: impl Iterator<Item = SourceId>,
        now: Timestamp,
    ) -> Shared {
        let mut left: Vec<SourceId> = members.filter(|id| id != first).collect();
        left.reverse();
        Shared { left, now, answers: Arc::default() }
    }

    /// What was answered to this already. "As before" is an answer only to who had the same before.
    pub(super) fn get(&self, request: &Request) -> Option<Result<Answer, net::Error>> {
        let question = Question::of(request);
        let conditions = |request: &Request| {
            [IF_NONE_MATCH, IF_MODIFIED_SINCE].map(|name| request.headers().get(name).cloned())
        };
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.iter().filter(|(asked, answer)| {
            let is_relative = answer
                .as_ref()
                .is_ok_and(|answer| answer.response.status() == StatusCode::NOT_MODIFIED);
            Question::of(asked) == question
                && (!is_relative || conditions(asked) == conditions(request))
        });
        answers.map(|(_, answer)| answer.clone()).next_back()
    }

    /// Keeps an answer for those who follow; the last one keeps nothing. What is too much to be kept is asked
    /// for again, and what is kept takes none of the room that bodies share while they come.
    pub(super) fn keep(&self, request: Request, answer: &Result<Answer, net::Error>) {
        if self.left.is_empty() {
            return;
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |answer: &Result<Answer, net::Error>| {
            answer.as_ref().map_or(0, |answer| answer.response.body().len())
        };
        let kept: usize = answers.iter().map(|(_, answer)| size(answer)).sum();
        if kept + size(answer) <= MOST {
            let answer = answer.clone().map(|answer| Answer { room: Room::default(), ..answer });
            answers.push((request, answer));
        }
    }
}
