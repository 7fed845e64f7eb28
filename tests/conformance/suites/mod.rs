//! The suites of cases, a file each.

pub(crate) mod duration;
pub(crate) mod matches;
pub(crate) mod pattern;
pub(crate) mod quantity;
pub(crate) mod wildcard;
pub(crate) mod yaml;
