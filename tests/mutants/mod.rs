//! Policies and manifests with something wrong in them.

pub(crate) mod ask;
#[path = "../expressions/choices.rs"]
#[expect(dead_code, reason = "the grammar of expressions uses the rest")]
pub(crate) mod choices;
pub(crate) mod corpus;
pub(crate) mod edits;
