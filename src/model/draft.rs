//! `Draft`: what an adapter saw, raw; and `refine`, the single way in from outside.

use std::time::Duration;

use url::Url;

use super::item::{Candidate, Enclosure, Key, Label, Matter, Membership, Origin, Person, Sketch};
use super::rules::{Field, Rules};
use super::source::{KeyRule, Source};
use super::text::{Kind, PlainText, SafeHtml, Text, plain};
use super::time::{Form, Timestamp};
use super::twin::Gist;
use super::{category, link, titles};

/// An entry's fields as upstream wrote them. Worthless until refined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Upstream's own identifier, verbatim.
    pub guid: Option<String>,
    /// RSS `title`, Atom `title`, JSON `title`.
    pub title: Option<Text>,
    /// The article's address, perhaps relative.
    pub link: Option<String>,
    /// RSS `description`, Atom `summary`, JSON `summary`.
    pub summary: Option<Text>,
    /// RSS `content:encoded`, Atom `content`, JSON `content_html` or `content_text`.
    pub content: Option<Text>,
    /// The same body in a form with more marks in it: the upstream's rules read it, readers don't see it.
    pub annotated: Option<Text>,
    /// When upstream says it was published.
    pub published: Option<Stamp>,
    /// When upstream says it was last edited.
    pub updated: Option<Stamp>,
    /// Whether `published` is a guess, from a file name or an id.
    pub published_inferred: bool,
    /// Whether a time ahead of now holds the entry back until then (a post written for a later day).
    pub held: bool,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// What upstream filed it under.
    pub labels: Vec<Label>,
    /// Categories it asks for, where configuration or the `posts` kind makes shelves of them.
    pub categories: Vec<Membership>,
    /// The outlet's name.
    pub outlet: Option<String>,
    /// The publication upstream took it from.
    pub origin: Option<Origin>,
    /// Attached files; addresses perhaps relative.
    pub enclosures: Vec<Enclosure>,
    /// The picture that stands for it.
    pub image: Option<String>,
    /// BCP 47 language tag.
    pub language: Option<String>,
    /// Where it is discussed.
    pub comments: Option<String>,
    /// Copyright notice.
    pub rights: Option<Text>,
    /// The address its relative links start from; where the answer came from, unless the document says otherwise.
    pub base: Option<String>,
    /// Which of its names tells which article it is.
    pub by: KeyRule,
    /// The rule that drops it, when the adapter was told to skip such entries.
    pub dropped: Option<String>,
    /// The author's word that it is not, or no longer, to be read.
    pub retracted: Option<String>,
}

/// A time as upstream wrote it, and how it is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// As written.
    pub raw: String,
    /// Declared formats, tried in order; `Form::Detect` when none is declared.
    pub forms: Vec<Form>,
}

impl Stamp {
    /// A time in whatever form it is.
    pub fn detect(raw: impl Into<String>) -> Stamp {
        Stamp { raw: raw.into(), forms: vec![Form::Detect] }
    }
}

/// What becomes of a draft. All but `Later` are remembered, so that nothing is asked twice.
#[derive(Clone, Debug, PartialEq)]
pub enum Refined {
    /// It can become an item.
    Item(Box<Candidate>),
    /// A rule of the operator drops it.
    Dropped(String),
    /// Its author took it back: an item it was before is withdrawn.
    Retracted(String),
    /// It has nothing an item needs.
    Unusable(String),
    /// It comes in at this time and not before.
    Later(Timestamp),
}

impl Draft {
    /// The names this entry goes by before its detail is known: guid, then canonical link.
    pub fn keys(&self, source: &Source) -> Vec<Key> {
        let link = self.canonical_link(self.base(source).as_ref());
        known_by(self.by, self.identifier(link.is_some()).as_deref(), link.as_deref())
    }

    /// Makes an item of what an adapter saw: keys, times, safe HTML, links and names are settled here
    /// and nowhere else. `seen` is the time of this poll.
    pub fn refine(mut self, source: &Source, seen: Timestamp) -> Refined {
        if let Some(rule) = self.dropped.take() {
            return Refined::Dropped(rule);
        }
        if let Some(word) = self.retracted.take() {
            return Refined::Retracted(word);
        }
        let times = Times::of(&self, source, seen);
        if let Some(at) = times.held_until {
            return Refined::Later(at);
        }
        let Some(matter) = self.matter(source) else {
            return Refined::Unusable("it has neither a title nor a text".to_owned());
        };
        let guid = self.identifier(matter.link.is_some());
        let keys = keys(self.by, guid.as_deref(), &matter, times.published);
        Refined::Item(Box::new(Candidate {
            sketch: Sketch {
                gist: Gist::of(&matter, &keys),
                mentions: mentions(&matter, &keys),
                keys,
                guid,
                categories: memberships(self.categories),
                published: times.published,
                published_inferred: self.published_inferred || times.published.is_none(),
                published_raw: times.raw,
                updated: times.updated,
                matter,
            },
        }))
    }

    /// Upstream's identifier, where it counts. Without a link it is all there is to go by.
    fn identifier(&self, has_link: bool) -> Option<String> {
        let counts = match self.by {
            KeyRule::Auto | KeyRule::Guid => true,
            KeyRule::Link => !has_link,
            KeyRule::Title => false,
        };
        self.guid.as_deref().filter(|_| counts).and_then(guid)
    }

    fn base(&self, source: &Source) -> Option<Url> {
        let own = self.base.as_deref().and_then(|base| Url::parse(base).ok());
        let web = |url: &Url| matches!(url.scheme(), "http" | "https");
        own.filter(web).or_else(|| Url::parse(&source.url.to_string()).ok().filter(web))
    }

    fn canonical_link(&self, base: Option<&Url>) -> Option<String> {
        self.link.as_deref().and_then(|link| link::canonical(link, base))
    }

    /// What a reader will see; none when there is neither title nor text.
    fn matter(&mut self, source: &Source) -> Option<Matter> {
        let base = self.base(source);
        let base = base.as_ref();
        let link = self.canonical_link(base);
        let page = link.as_deref().and_then(|link| Url::parse(link).ok());
        let annotated = self.annotated.take();
        let marks = annotated.iter().flat_map(|text| source.rules.read(text));
        let mut found: Vec<(&Field, String)> = marks.collect();
        if let Some(text) = &mut self.content {
            found.append(&mut apply(&source.rules, text));
        }
        let mut content = self
            .content
            .take()
            .map(|text| SafeHtml::clean_on(&text, base, page.as_ref()))
            .filter(|html| !html.is_empty());
        let mut summary = self.summary.take();
        if content.is_none() && summary.as_ref().is_some_and(Text::is_html) {
            let found = summary.take().map(|text| SafeHtml::clean_on(&text, base, page.as_ref()));
            content = found.filter(|html| !html.is_empty());
        }
        let title =
            self.title.take().map(|text| titles::tidy(&PlainText::of(&text))).unwrap_or_default();
        let summary = summary
            .map(|text| PlainText::of(&text))
            .map(|text| titles::without_title(text, &title));
        let summary = summary.filter(|summary| !summary.is_empty());
        let title_inferred = title.is_empty();
        let title = match title_inferred {
            true => titles::infer(summary.as_ref(), content.as_ref())?,
            false => title,
        };
        let summary = summary.filter(|summary| !titles::same(summary, &title));
        let mut matter = Matter {
            title,
            title_inferred,
            link,
            summary,
            content,
            authors: people(std::mem::take(&mut self.authors), base),
            labels: labels(std::mem::take(&mut self.labels)),
            outlet: self.outlet.take().and_then(name),
            outlet_stated: false,
            origin: self.origin.take().and_then(|origin| origin_of(origin, base)),
            enclosures: enclosures(std::mem::take(&mut self.enclosures), base),
            image: self.image.take().and_then(|image| link::resolve(&image, base)),
            language: self.language.take().and_then(language).or_else(|| source.language.clone()),
            comments: self.comments.take().and_then(|comments| link::resolve(&comments, base)),
            rights: self
                .rights
                .take()
                .map(|rights| PlainText::of(&rights))
                .and_then(|rights| name(rights.into_string())),
        };
        for (field, value) in found {
            enrich(&mut matter, field, value, base);
        }
        Some(matter)
    }
}

/// Runs the upstream's own rules over a body and leaves what they leave.
fn apply<'r>(rules: &'r Rules, content: &mut Text) -> Vec<(&'r Field, String)> {
    if rules.is_empty() {
        return Vec::new();
    }
    if !content.is_html() {
        return rules.read(content);
    }
    let (left, found) = rules.apply(&content.raw);
    content.raw = left;
    content.kind = Kind::Html;
    found
}

fn enrich(matter: &mut Matter, field: &Field, value: String, base: Option<&Url>) {
    match field {
        Field::Outlet => {
            let stated = name(value);
            matter.outlet_stated |= stated.is_some();
            matter.outlet = stated.or(matter.outlet.take());
        }
        Field::Author => {
            matter.authors.extend(people(vec![Person { name: value, ..Person::default() }], base))
        }
        Field::Label(scheme) => {
            let mut all = std::mem::take(&mut matter.labels);
            all.push(Label { term: value, scheme: scheme.clone() });
            matter.labels = labels(all);
        }
        Field::Image => matter.image = link::resolve(&value, base).or(matter.image.take()),
    }
}

/// Most of a kind one item keeps: authors, labels, enclosures, categories.
const MOST: usize = 64;
/// Longest name or identifier, in bytes; a longer identifier is none.
const LONGEST: usize = 2048;

/// Upstream's identifier, verbatim but for blanks around it and what XML cannot carry.
fn guid(raw: &str) -> Option<String> {
    let guid: String = raw.trim().chars().filter(|c| plain::is_xml(*c)).collect();
    (!guid.is_empty() && guid.len() <= LONGEST).then_some(guid)
}

fn name(raw: impl Into<String>) -> Option<String> {
    let name = plain::fold(&raw.into());
    (!name.is_empty() && name.len() <= LONGEST).then_some(name)
}

/// A language tag that looks like one (RFC 5646 section 2.1); what else stands there is dropped.
fn language(raw: String) -> Option<String> {
    let tag = raw.trim().replace('_', "-");
    let well_formed = (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    well_formed.then_some(tag)
}

fn people(raw: Vec<Person>, base: Option<&Url>) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for person in raw.into_iter().take(MOST) {
        let email = person.email.and_then(name);
        let shown = PlainText::of(&Text::unsaid(person.name)).into_string();
        let Some(shown) = name(shown).or_else(|| email.clone()) else { continue };
        let person = Person {
            name: shown,
            email,
            url: person.url.and_then(|url| link::resolve(&url, base)),
        };
        if !people.contains(&person) {
            people.push(person);
        }
    }
    people
}

fn labels(raw: Vec<Label>) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for label in raw.into_iter().take(MOST) {
        let Some(term) = name(PlainText::of(&Text::unsaid(label.term)).into_string()) else {
            continue;
        };
        let label = Label { term, scheme: label.scheme.and_then(name) };
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

fn memberships(raw: Vec<Membership>) -> Vec<Membership> {
    let mut memberships: Vec<Membership> = Vec::new();
    for membership in raw.into_iter().take(MOST) {
        let Some(name) = name(membership.name) else { continue };
        if !memberships.iter().any(|known| known.name == name) {
            memberships.push(Membership { name, alias: membership.alias });
        }
    }
    memberships
}

fn enclosures(raw: Vec<Enclosure>, base: Option<&Url>) -> Vec<Enclosure> {
    let mut enclosures: Vec<Enclosure> = Vec::new();
    for enclosure in raw.into_iter().take(MOST) {
        let Some(url) = link::resolve(&enclosure.url, base) else { continue };
        if !enclosures.iter().any(|known| known.url == url) {
            enclosures.push(Enclosure {
                url,
                media_type: enclosure.media_type.and_then(media_type),
                ..enclosure
            });
        }
    }
    enclosures
}

/// A media type that is one (RFC 9110 section 8.3.1), without parameters.
fn media_type(raw: String) -> Option<String> {
    let essence = raw.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let well_formed = essence.len() <= 127
        && essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
    well_formed.then_some(essence)
}

fn origin_of(raw: Origin, base: Option<&Url>) -> Option<Origin> {
    let origin = Origin {
        title: PlainText::of(&Text::unsaid(raw.title)).into_string(),
        url: raw.url.and_then(|url| link::resolve(&url, base)),
        id: raw.id.as_deref().and_then(guid),
    };
    (!origin.title.is_empty() || origin.url.is_some()).then_some(origin)
}

/// Keys of an item, strongest first; never empty, since an item has a title.
fn keys(
    rule: KeyRule,
    guid: Option<&str>,
    matter: &Matter,
    published: Option<Timestamp>,
) -> Vec<Key> {
    let mut keys = known_by(rule, guid, matter.link.as_deref());
    if rule == KeyRule::Guid && guid.is_some() {
        return keys;
    }
    let day = published.map(Timestamp::day);
    let title = Key::title(&category::folded(matter.title.as_str()), day.as_deref());
    keys.extend(matter.link.as_deref().map(|link| Key::place(&link::place(link), &title)));
    keys.push(title);
    keys
}

/// The keys a rule makes of an identifier that counts and a canonical link. An identifier that is an
/// address is also known without what two spellings of one address differ in.
fn known_by(rule: KeyRule, guid: Option<&str>, link: Option<&str>) -> Vec<Key> {
    let link = match rule {
        KeyRule::Auto | KeyRule::Link => link,
        KeyRule::Guid => link.filter(|_| guid.is_none()),
        KeyRule::Title => None,
    };
    let is_address = |guid: &&str| guid.starts_with("http://") || guid.starts_with("https://");
    let spelt = guid.filter(is_address).map(|guid| Key::guid(link::identity(guid)));
    let guid = guid.map(Key::guid);
    let link = link.map(|link| Key::link(link::identity(link)));
    guid.into_iter().chain(spelt).chain(link).collect()
}

/// Most articles an item is known to speak of.
const MENTIONS: usize = 16;

/// The articles a body links to, itself left out (Q40).
fn mentions(matter: &Matter, own: &[Key]) -> Vec<Key> {
    let links = matter.content.iter().flat_map(SafeHtml::links);
    let mut mentions: Vec<Key> = Vec::new();
    for link in links.filter_map(|link| link::canonical(&link, None)) {
        let key = Key::link(link::identity(&link));
        if !own.contains(&key) && !mentions.contains(&key) {
            mentions.push(key);
        }
        if mentions.len() == MENTIONS {
            break;
        }
    }
    mentions
}

/// How far ahead of now a time may lie and still be believed (law 3).
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// The times of a draft, read.
struct Times {
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    /// What upstream wrote where its time could not be used.
    raw: Option<String>,
    /// When the draft comes in, if that is not yet.
    held_until: Option<Timestamp>,
}

impl Times {
    fn of(draft: &Draft, source: &Source, seen: Timestamp) -> Times {
        let read = |stamp: &Option<Stamp>| {
            let stamp = stamp.as_ref()?;
            Timestamp::read_as(&stamp.raw, &stamp.forms, &source.zone, Some(seen)).ok()
        };
        let believed = |at: &Timestamp| at.millis() <= seen.plus(AHEAD).millis();
        // Atom asks for `updated` alone (RFC 4287 section 4.2.9); what says no more was published then.
        let edited = read(&draft.updated).filter(believed);
        let published = read(&draft.published).or(edited.filter(|_| draft.published.is_none()));
        let held_until = published.filter(|at| draft.held && at.millis() > seen.millis());
        let published = published.filter(believed);
        let raw = match (&draft.published, published) {
            (Some(stamp), None) => name(stamp.raw.as_str()),
            _ => None,
        };
        Times { published, updated: edited, raw, held_until }
    }
}

#[cfg(test)]
mod tests;
