//! `Wish`: a webhook in the words of whoever asks for one at run time, and what is wrong with them.

use super::source::{Allowed, SourceId};
use super::subscription::{Event, SubscriptionId, Webhook, address};
use super::text::Query;
use super::view::View;

/// A webhook that is wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What to call it.
    pub id: String,
    /// Where it is told.
    pub url: String,
    /// Whether that may be by http.
    pub allow_http: bool,
    /// Categories, by their names.
    pub categories: Vec<String>,
    /// Sources, by their ids.
    pub sources: Vec<String>,
    /// Views, by their ids.
    pub views: Vec<String>,
    /// Words all of its items have.
    pub query: Option<String>,
    /// Events, by their types.
    pub events: Vec<String>,
    /// Events in one message, at most; one when nothing is said.
    pub batch: Option<usize>,
    /// Whether it is told of what is there already.
    pub backlog: bool,
    /// Private addresses it may be at.
    pub allow: Vec<String>,
}

impl Wish {
    /// The webhook, where these are the views there are.
    ///
    /// # Errors
    /// The first thing that is wrong with it, in words.
    pub fn webhook(self, views: &[View]) -> Result<Webhook, String> {
        let id = SubscriptionId::read(&self.id)?;
        let url = address(&self.url, self.allow_http)?;
        if self.query.as_deref().is_some_and(|words| Query::read(words).is_none()) {
            return Err("there is no word in `query` to look for".to_owned());
        }
        let batch = self.batch.unwrap_or(1);
        if !(1..=Webhook::LARGEST_BATCH).contains(&batch) {
            let most = Webhook::LARGEST_BATCH;
            return Err(format!("`batch` should be from 1 to {most}"));
        }
        let view = |id: &str| views.iter().find(|view| view.id == id).map(|view| view.id.clone());
        Ok(Webhook {
            categories: self.categories,
            sources: each(&self.sources, "source's id", SourceId::new)?,
            views: each(&self.views, "view", view)?,
            query: self.query,
            events: each(&self.events, "event", Event::named)?,
            batch,
            backlog: self.backlog,
            allow: each(&self.allow, "host or network", Allowed::parse)?,
            ..Webhook::new(id, url)
        })
    }
}

fn each<T>(
    texts: &[String],
    what: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    texts.iter().map(|text| read(text).ok_or_else(|| format!("`{text}` is no {what}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish { id: "desk".into(), url: "https://desk.example/".into(), ..Wish::default() }
    }

    #[track_caller]
    fn refused(wish: Wish, words: &str) {
        let why = wish.webhook(&[]).expect_err("something is wrong");
        assert!(why.contains(words), "{why}");
    }

    #[test]
    fn a_wish_says_what_is_wrong_with_it() {
        assert_eq!(wish().webhook(&[]).expect("a webhook").batch, 1);
        refused(Wish { id: "Desk!".into(), ..wish() }, "a-z, 0-9 and -");
        refused(Wish { url: "http://desk.example/".into(), ..wish() }, "allow_http");
        refused(Wish { url: "gopher://desk.example/".into(), ..wish() }, "address of the web");
        refused(Wish { sources: vec!["No".into()], ..wish() }, "`No` is no source's id");
        refused(Wish { views: vec!["none".into()], ..wish() }, "`none` is no view");
        refused(Wish { events: vec!["item.born".into()], ..wish() }, "`item.born` is no event");
        refused(Wish { query: Some("?!".into()), ..wish() }, "no word");
        refused(Wish { batch: Some(0), ..wish() }, "from 1 to 100");
        refused(Wish { allow: vec!["10.0.0.0/99".into()], ..wish() }, "no host or network");
    }
}
