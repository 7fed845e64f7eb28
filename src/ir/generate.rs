//! What a rule makes.

use super::{Conditions, Expr};
use kyvc_vm::document::Place;
use std::ops::Range;

/// What a rule makes: maps that say which object is made, and of what.
#[derive(Clone, Debug)]
pub enum Generation {
    /// One
    One(Expr),
    /// One for each element of lists
    ForEach(Vec<PatternLoop>),
}

/// What is made for each element of a list.
#[derive(Clone, Debug)]
pub struct PatternLoop {
    /// The list
    pub list: Expr,
    /// The context entries that come with an element, by number
    pub context: Range<usize>,
    /// The context entries around it that have to be loaded again for an element
    pub again: Vec<usize>,
    /// What has to hold for an element
    pub preconditions: Option<Conditions>,
    /// What is made
    pub pattern: Expr,
    /// Where it stands
    pub place: Place,
}
