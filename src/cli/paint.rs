//! Kyverno's colours, for a terminal only.
//!
//! Kyverno: output/color/color.go; its colours are those of kataras and of github.com/fatih.

use crate::engine::Status;
use std::io::{self, IsTerminal};

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours where the output is a terminal and nobody took them away.
    pub(super) fn new(remove: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        Self { on: !remove && !unwanted && io::stdout().is_terminal() }
    }

    fn paint(self, color: u8, text: &str) -> String {
        if self.on { format!("\x1b[{color};1m{text}\x1b[0;22m") } else { text.to_owned() }
    }

    /// A name.
    pub(super) fn name(self, text: &str) -> String {
        self.paint(36, text)
    }

    /// A policy; a namespace may stand before its name.
    pub(super) fn policy(self, namespace: &str, name: &str) -> String {
        self.joined([split(namespace, name).0, "", split(namespace, name).1])
    }

    /// A resource; a namespace may stand before its name.
    pub(super) fn resource(self, kind: &str, namespace: &str, name: &str) -> String {
        let (namespace, name) = split(namespace, name);
        let head = if namespace.is_empty() { String::new() } else { self.name(namespace) + "/" };
        format!("{head}{}/{}", self.name(kind), self.name(name))
    }

    fn joined(self, parts: [&str; 3]) -> String {
        parts.iter().filter(|p| !p.is_empty()).map(|p| self.name(p)).collect::<Vec<_>>().join("/")
    }

    /// What became of a rule.
    pub(super) fn status(self, status: Status) -> String {
        match status {
            Status::Pass => self.paint(32, "Pass"),
            Status::Fail => self.paint(31, "Fail"),
            Status::Warn => self.paint(33, "Warn"),
            Status::Error => self.paint(31, "Error"),
            Status::Skip => self.paint(36, "Skip"),
        }
    }

    /// A remark.
    pub(super) fn remark(self, text: &str) -> String {
        self.paint(33, text)
    }
}

/// A namespace and a name; what stands before a slash in the name is the namespace, and of more parts two are taken.
fn split<'n>(namespace: &'n str, name: &'n str) -> (&'n str, &'n str) {
    let mut parts = name.split('/');
    match (parts.next(), parts.next()) {
        (Some(namespace), Some(name)) => (namespace, name),
        _ => (namespace, name),
    }
}
