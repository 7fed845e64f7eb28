//! Diagnostics: what is wrong, where it stands, and what helps.
//!
//! Every layer returns [`Diagnostic`]s; only the command line prints them, through [`render`].

mod codes;
mod lines;
pub mod render;

#[cfg(test)]
mod tests;

pub use codes::{Code, Severity};

use kyvc_vm::document::Place;
use lines::Lines;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A text and what to call it.
pub struct Source {
    /// The file as the user wrote it; `<stdin>` for standard input.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// Lines of the file before the text, where it is a part of one; places count them.
    pub before: u32,
    /// Made when a place is looked up for the first time.
    lines: OnceLock<Lines>,
}

impl Source {
    /// A named text.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Self::part(name, text, 0)
    }

    /// The part of a file that stands behind so many lines.
    pub fn part(name: impl Into<String>, text: impl Into<Arc<str>>, before: u32) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), before, lines: OnceLock::new() })
    }

    /// The text of a line, without its break; empty for one that does not exist.
    pub fn line(&self, number: u32) -> &str {
        self.text.get(self.lines().line(&self.text, number)).unwrap_or("")
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text, self.before))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.before == other.before && self.text == other.text
    }
}

impl Eq for Source {}

impl fmt::Debug for Source {
    // A text may be many megabytes, and a failing test prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("bytes", &self.text.len()).finish()
    }
}

/// A place in a source, with a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The text.
    pub source: Arc<Source>,
    /// Where; line 0 stands for the text as a whole.
    pub place: Place,
    /// How many characters are meant; 0 is drawn as one.
    pub len: u32,
    /// The remark, empty for none.
    pub text: String,
}

impl Label {
    /// A place of one character without a remark.
    pub fn new(source: &Arc<Source>, place: Place) -> Self {
        Self { source: Arc::clone(source), place, len: 1, text: String::new() }
    }

    /// A source as a whole.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self::new(source, Place::default())
    }

    /// Sets how many characters are meant.
    #[must_use]
    pub fn len(mut self, chars: usize) -> Self {
        self.len = u32::try_from(chars).unwrap_or(u32::MAX);
        self
    }

    /// Sets the remark.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is about.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub primary: Option<Label>,
    /// What else has to do with it.
    pub labels: Vec<Label>,
    /// What to do about it. Boxed: a `Result` with a diagnostic stays small.
    pub help: Option<Box<str>>,
}

impl Diagnostic {
    /// A diagnostic with its code's severity and no place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), message: message.into(), primary: None, labels: Vec::new(), help: None }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, label: Label) -> Self {
        self.primary = Some(label);
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, label: Label) -> Self {
        self.labels.push(label);
        self
    }

    /// Sets the help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }

    /// Sets another severity than the code's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `file:line:column: error[K0301]: message`, for editors and logs.
    pub fn one_line(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Label { source, place, .. }) = &self.primary {
            match place.line {
                0 => write!(f, "{}: ", source.name)?,
                line => write!(f, "{}:{line}:{}: ", source.name, place.column)?,
            }
        }
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Puts the diagnostics of each text together, in the order of their places. Texts stay in the order in which they are
/// first named, and what has no place stays before what follows it.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    let mut order: HashMap<String, usize> = HashMap::new();
    let mut last = 0;
    let mut key = |diagnostic: &Diagnostic| {
        let Some(label) = &diagnostic.primary else { return (last, Place::default()) };
        let next = order.len();
        last = *order.entry(label.source.name.clone()).or_insert(next);
        (last, label.place)
    };
    let mut keyed: Vec<_> = diagnostics.drain(..).map(|d| (key(&d), d)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    diagnostics.extend(keyed.into_iter().map(|(_, d)| d));
}
