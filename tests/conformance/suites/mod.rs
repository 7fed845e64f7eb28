//! The suites of cases, a file each.

pub(crate) mod condition;
pub(crate) mod duration;
pub(crate) mod jmespath;
pub(crate) mod json6902;
pub(crate) mod matches;
pub(crate) mod pattern;
pub(crate) mod quantity;
pub(crate) mod smp;
pub(crate) mod wildcard;
pub(crate) mod yaml;
