//! Explanations for people: each step under the line of the policy it comes from.

use super::{Explained, Story, Writer};
use crate::diag::Source;
use crate::engine::trace::{Got, Part, RuleTrace, Step, What};
use crate::engine::{PolicySet, Unit};
use crate::report::rows::Totals;
use crate::report::text::style;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

/// How many characters of a value a line has.
const SHOWN: usize = 100;
const NAME: Style = Style::new().bold();
const SOURCE: Style = Style::new().dimmed();

/// The report for people. Colours are written always; the stream takes them away where nobody wants them.
pub struct Text<'s, 'o> {
    set: &'s PolicySet,
    units: &'s [Unit],
    out: &'o mut dyn Write,
}

impl<'s, 'o> Text<'s, 'o> {
    /// A report about the rules of a set; `units` are its policies as they were read, if they are known.
    pub fn new(set: &'s PolicySet, units: &'s [Unit], out: &'o mut dyn Write) -> Self {
        Self { set, units, out }
    }
}

impl Writer for Text<'_, '_> {
    fn story(&mut self, story: &Story) -> io::Result<()> {
        let Self { set, units, out } = self;
        writeln!(out, "{NAME}{}{NAME:#} {}", story.resource.path(), story.source.name)?;
        for rule in &story.rules {
            rule_of(set, units, rule, story, *out)?;
        }
        match (story.others, story.rules.is_empty()) {
            (0, false) => {}
            (0, true) => writeln!(out, "  no rule is asked")?,
            (1, _) => writeln!(out, "  1 other rule is not about this kind")?,
            (n, _) => writeln!(out, "  {n} other rules are not about this kind")?,
        }
        writeln!(out)
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let s = totals.summary;
        let (pass, fail, warn, error, skip) = (s.pass, s.fail, s.warn, s.error, s.skip);
        writeln!(self.out, "{pass} pass, {fail} fail, {warn} warn, {error} error, {skip} skip")
    }
}

fn rule_of(set: &PolicySet, units: &[Unit], rule: &Explained, story: &Story, out: &mut dyn Write) -> io::Result<()> {
    let (Some(info), Some(policy)) = (set.rules().get(rule.trace.rule), set.policy_of(rule.trace.rule)) else {
        return Ok(());
    };
    let (style, word) = match rule.said.first() {
        Some((row, _)) => (style(row.status), row.status.name()),
        None => (SOURCE, "nothing"),
    };
    let name = format!("{}/{}", policy.name, info.name);
    writeln!(out, "  {style}{word}{style:#} {NAME}{name}{NAME:#} {}:{}", policy.source, info.place.line)?;
    let source = units.get(info.policy).map(|u| &*u.source);
    for part in &rule.trace.parts {
        part_of(part, &policy.source, source, out)?;
    }
    if let Some(patch) = &rule.trace.patch {
        writeln!(out, "    patch {patch}")?;
    }
    for (row, message) in &rule.said {
        let colon = if message.is_empty() { "" } else { ": " };
        writeln!(out, "    {}{colon}{message}", row.status.name())?;
        if row.place.line > 0 {
            writeln!(out, "    --> {}:{}:{}", story.source.name, row.place.line, row.place.column)?;
        }
    }
    let RuleTrace { instructions, fuel, .. } = rule.trace;
    writeln!(out, "    {SOURCE}{instructions} instructions, {fuel} units of fuel{SOURCE:#}")
}

/// The steps of a part, those of one line of the policy under that line.
fn part_of(part: &Part, file: &str, source: Option<&Source>, out: &mut dyn Write) -> io::Result<()> {
    if part.name != "rule" {
        writeln!(out, "    {}", part.name)?;
    }
    let mut shown = 0;
    for step in &part.steps {
        if step.line != shown && step.line != 0 {
            let text = source.map_or("", |s| s.line(step.line)).trim();
            writeln!(out, "    {SOURCE}{file}:{} | {text}{SOURCE:#}", step.line)?;
            shown = step.line;
        }
        line(step, out)?;
    }
    if part.left_out > 0 {
        writeln!(out, "      and {} more steps", part.left_out)?;
    }
    part.ended.iter().try_for_each(|ended| writeln!(out, "      {ended}"))
}

fn line(step: &Step, out: &mut dyn Write) -> io::Result<()> {
    let indent = 6 + 2 * step.depth.min(20);
    write!(out, "{:indent$}", "")?;
    let short = |text: &str| abbreviated(text);
    match &step.what {
        What::Match { fact, value, wanted, holds } => {
            answer(*holds, out)?;
            writeln!(out, "{fact} {} in {}", short(value), short(wanted))
        }
        What::Condition { key, operator, value, holds } => {
            answer(*holds, out)?;
            writeln!(out, "{} {operator} {}", short(key), short(value))
        }
        What::Pattern { path, value, pattern, holds } => {
            answer(*holds, out)?;
            match value {
                Some(value) => writeln!(out, "{path} {} is {}", short(value), short(pattern)),
                None if path.is_empty() => writeln!(out, "what is not there is {}", short(pattern)),
                None => writeln!(out, "{path}, which is not there, is {}", short(pattern)),
            }
        }
        What::Absent { path } => writeln!(out, "{path} is not there"),
        What::Variable { text, value } => writeln!(out, "{{{{ {text} }}}} {}", got(value)),
        What::Value { value } => writeln!(out, "the expression {}", got(value)),
        What::Name { name, value } => writeln!(out, "{name} {}", got(value)),
        What::Entry { name } => writeln!(out, "loads {name}"),
        What::Asked { what, value } => writeln!(out, "asks for {what}, which {}", got(value)),
        What::Patch { patch, value } => match value {
            Got::Json(changed) if changed == "true" => writeln!(out, "patches with {}", short(patch)),
            Got::Json(_) => writeln!(out, "nothing to patch with {}", short(patch)),
            Got::Error(why) => writeln!(out, "cannot patch with {}: {}", short(patch), short(why)),
        },
        What::Make { value } => writeln!(out, "to be made {}", got(value)),
        What::Note { text } => writeln!(out, "notes {:?}", short(text)),
        What::Exception { name } => writeln!(out, "exception {name} is about it"),
        What::Refused { why } => writeln!(out, "refused: {}", short(why)),
    }
}

fn answer(holds: bool, out: &mut dyn Write) -> io::Result<()> {
    let style = Style::new().fg_color(Some(if holds { AnsiColor::Green } else { AnsiColor::Yellow }.into()));
    write!(out, "{style}{:<4}{style:#}", if holds { "yes" } else { "no" })
}

fn got(value: &Got) -> String {
    match value {
        Got::Json(json) => format!("= {}", abbreviated(json)),
        Got::Error(why) => format!("fails: {}", abbreviated(why)),
    }
}

/// A text on one line, of bearable length.
fn abbreviated(text: &str) -> String {
    let line = text.replace('\n', "\\n");
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
