//! `Cause`: why a source could not be taken, by kind: for counting, and for advice.

/// Why a poll failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Its host's name means nothing.
    Name,
    /// No connection.
    Unreachable,
    /// A secure connection was refused by us or by them.
    Tls,
    /// It took too long.
    Timeout,
    /// We do not go there.
    Refused,
    /// More came than is allowed.
    TooLarge,
    /// What came is not HTTP as it should be.
    Broken,
    /// It wants less of us.
    Busy,
    /// It is closed to us.
    Closed,
    /// It is not there.
    Missing,
    /// It is gone for good.
    Gone,
    /// It answered an error of its own.
    Server,
    /// It answered something else than a document.
    Status,
    /// A page that tells people from programs stands before it.
    Wall,
    /// What it answered is not what the source should be.
    Unreadable,
    /// It holds nothing.
    Empty,
    /// It is not to be believed.
    Doubtful,
    /// The fault is ours.
    Ours,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 18] = [
        Cause::Name,
        Cause::Unreachable,
        Cause::Tls,
        Cause::Timeout,
        Cause::Refused,
        Cause::TooLarge,
        Cause::Broken,
        Cause::Busy,
        Cause::Closed,
        Cause::Missing,
        Cause::Gone,
        Cause::Server,
        Cause::Status,
        Cause::Wall,
        Cause::Unreadable,
        Cause::Empty,
        Cause::Doubtful,
        Cause::Ours,
    ];

    /// Its word, as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Name => "name",
            Cause::Unreachable => "unreachable",
            Cause::Tls => "tls",
            Cause::Timeout => "timeout",
            Cause::Refused => "refused",
            Cause::TooLarge => "too-large",
            Cause::Broken => "broken",
            Cause::Busy => "busy",
            Cause::Closed => "closed",
            Cause::Missing => "missing",
            Cause::Gone => "gone",
            Cause::Server => "server",
            Cause::Status => "status",
            Cause::Wall => "wall",
            Cause::Unreadable => "unreadable",
            Cause::Empty => "empty",
            Cause::Doubtful => "doubtful",
            Cause::Ours => "ours",
        }
    }

    /// The cause of a word.
    pub fn named(name: &str) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// What the operator may do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Cause::Name => "look whether `url` is spelled right and the site still exists",
            Cause::Unreachable | Cause::Timeout => {
                "nothing, if it passes; else look whether the site can be reached from this machine"
            }
            Cause::Tls => "look at the site in a browser; its certificate may have run out",
            Cause::Refused => "name the address in `allow` if it is your own",
            Cause::TooLarge => "raise `limits` of this source if it is meant to be so large",
            Cause::Broken | Cause::Server => "nothing, if it passes; else tell the site",
            Cause::Busy => "a longer `interval` may help; the site says that it is asked too often",
            Cause::Closed => {
                "look whether it wants a key or a name (`headers`); it may not want to be read by programs"
            }
            Cause::Missing => "look for its new address",
            Cause::Gone => "take it out of the file, or poll it once by hand if it is back",
            Cause::Status => "look at the address in a browser",
            Cause::Wall => {
                "ask the site to let your feed reader in; there is no way around it that is polite"
            }
            Cause::Unreadable => {
                "look at the address in a browser: it may be a page that names its feed; `feedloom preview` shows what is there"
            }
            Cause::Empty | Cause::Doubtful => "nothing, if it passes; what was published stays",
            Cause::Ours => "report it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_word_of_its_own() {
        for cause in Cause::ALL {
            assert_eq!(Cause::named(cause.name()), Some(cause));
            assert!(!cause.advice().is_empty());
        }
    }
}
