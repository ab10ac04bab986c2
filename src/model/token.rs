//! `Token`: a secret that callers show and that is only ever compared.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret that callers show. What is kept of it is its hash, so it can be neither printed nor told.
#[derive(Clone, Copy)]
pub struct Token([u8; 32]);

impl Token {
    /// The fewest characters a token may have.
    pub const SHORTEST: usize = 16;

    /// A token; none when it is so short that it could be guessed.
    pub fn new(secret: &str) -> Option<Token> {
        (secret.chars().count() >= Token::SHORTEST).then(|| Token(Sha256::digest(secret).into()))
    }

    /// Whether this is it. It takes as long when it is not, and however much of it is right.
    pub fn is(&self, shown: &str) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        self.0.ct_eq(&shown).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_29_a_token_is_compared_and_never_shown() {
        let token = Token::new("correct horse battery").unwrap();
        assert!(token.is("correct horse battery"));
        for wrong in ["", "correct horse batter", "correct horse battery ", "Correct horse battery"]
        {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert_eq!(format!("{token:?}"), "Token");
        assert!(Token::new("fifteen letters").is_none());
    }
}
