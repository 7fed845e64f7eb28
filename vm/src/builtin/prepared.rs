//! What functions make of a text before they use it: expressions, ranges and quantities.
//!
//! Of a constant it is made once and kept beside the program, which is about twice as fast as to look it up by its
//! text; of other texts regular expressions are kept by the thread, as they take long to make.

use super::arithmetic::Amount;
use super::regex::GoRegex;
use crate::scalar::semver::{Range, SemverError};
use std::sync::OnceLock;

/// What was made of a constant text, each when it was first asked for.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    kept: OnceLock<Box<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    regex: OnceLock<Result<GoRegex, String>>,
    range: OnceLock<Result<Range, SemverError>>,
    amount: OnceLock<Amount>,
}

impl Prepared {
    fn kept(&self) -> &Kept {
        self.kept.get_or_init(Box::default)
    }

    /// The text as a regular expression.
    pub(super) fn regex(&self, text: &str) -> Result<&GoRegex, &str> {
        self.kept().regex.get_or_init(|| GoRegex::new(text)).as_ref().map_err(String::as_str)
    }

    /// The text as a range of versions.
    pub(super) fn range(&self, text: &str) -> Result<&Range, &SemverError> {
        self.kept().range.get_or_init(|| Range::parse(text)).as_ref()
    }

    /// The text as a quantity or duration.
    pub(super) fn amount(&self, text: &str) -> &Amount {
        self.kept().amount.get_or_init(|| Amount::read(text))
    }
}
