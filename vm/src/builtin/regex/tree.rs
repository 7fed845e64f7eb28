//! What a Go regular expression is made of.

use regex_syntax::hir::{Capture, Class, ClassUnicode, Hir, Look, Repetition};

/// An expression, with how high it is and how many instructions Go would need for it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) node: Node,
    pub(super) height: u32,
    pub(super) size: u64,
}

/// The kinds of expressions.
#[derive(Debug)]
pub(crate) enum Node {
    Empty,
    Literal(char),
    Class(ClassUnicode),
    Look(Look),
    Repeat { min: u32, max: Option<u32>, greedy: bool, of: Box<Tree> },
    Group { index: u32, of: Box<Tree> },
    Concat(Vec<Tree>),
    Alternate(Vec<Tree>),
}

impl Tree {
    pub(super) fn new(node: Node) -> Self {
        let (height, size) = match &node {
            Node::Empty | Node::Literal(_) | Node::Class(_) | Node::Look(_) => (1, 1),
            Node::Group { of, .. } => (of.height + 1, of.size.saturating_add(2)),
            Node::Repeat { min, max, of, .. } => (of.height + 1, repeated(*min, *max, of.size)),
            Node::Concat(of) => over(of, 0),
            Node::Alternate(of) => over(of, of.len() as u64),
        };
        Self { node, height, size: size.max(1) }
    }

    /// Whether nothing in it is repeated more than `most` times, repetitions within repetitions multiplied.
    pub(super) fn repeats_at_most(&self, most: u32) -> bool {
        match &self.node {
            Node::Empty | Node::Literal(_) | Node::Class(_) | Node::Look(_) => true,
            Node::Repeat { max: Some(0), .. } => true,
            Node::Repeat { min, max, of, .. } => {
                let times = max.unwrap_or(*min);
                times <= most && of.repeats_at_most(most.checked_div(times).unwrap_or(most))
            }
            Node::Group { of, .. } => of.repeats_at_most(most),
            Node::Concat(of) | Node::Alternate(of) => of.iter().all(|t| t.repeats_at_most(most)),
        }
    }

    /// The expression in the form that the regex engine compiles.
    pub(super) fn into_hir(self) -> Hir {
        match self.node {
            Node::Empty => Hir::empty(),
            Node::Literal(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Node::Class(class) => Hir::class(Class::Unicode(class)),
            Node::Look(look) => Hir::look(look),
            Node::Repeat { min, max, greedy, of } => {
                Hir::repetition(Repetition { min, max, greedy, sub: Box::new(of.into_hir()) })
            }
            Node::Group { index, of } => Hir::capture(Capture { index, name: None, sub: Box::new(of.into_hir()) }),
            Node::Concat(of) => Hir::concat(of.into_iter().map(Tree::into_hir).collect()),
            Node::Alternate(of) => Hir::alternation(of.into_iter().map(Tree::into_hir).collect()),
        }
    }
}

fn repeated(min: u32, max: Option<u32>, size: u64) -> u64 {
    match max {
        None if min == 0 => size.saturating_add(2),
        None => size.saturating_mul(u64::from(min)).saturating_add(1),
        Some(max) => size.saturating_mul(u64::from(max)).saturating_add(u64::from(max.saturating_sub(min))),
    }
}

fn over(of: &[Tree], joints: u64) -> (u32, u64) {
    let height = of.iter().map(|t| t.height).max().unwrap_or(0) + 1;
    (height, of.iter().fold(joints, |sum, t| sum.saturating_add(t.size)))
}
