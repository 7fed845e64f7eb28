//! Random texts that match a regular expression.

use super::regex::{Node, Tree, parse};
use super::strings::{STR, text};
use super::{Builtin, Call, Failure};
use crate::value::Val;
use crate::verdict::TrapKind;
use regex_syntax::hir::ClassUnicode;

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[Builtin {
    name: "random",
    args: &[STR],
    variadic: false,
    returns: STR,
    doc: "Generates a random sequence of characters",
    examples: &[("random('abc')", "\"abc\""), ("length(random('[a-z]{8}'))", "8")],
    pure: false,
    code: random,
}];

/// How often something is repeated where the pattern has no bound.
const UNBOUNDED: u32 = 4096;
/// How long the text may get, and how many expressions may be gone through for it.
const MAX_TEXT: usize = 32 << 20;
const MAX_STEPS: u32 = 1 << 25;

fn random(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let pattern = text(call, args, 0);
    if pattern.is_empty() {
        return Err(Failure::error("no pattern provided"));
    }
    // Kyverno: its generator reads POSIX' syntax: no `\d`, no `(?:`.
    let parsed = parse(pattern, false).map_err(Failure::Error)?;
    let mut generator = Generator { out: String::new(), steps: 0, random: call.environment.random };
    let written = generator.write(&parsed.tree);
    let (out, steps) = (generator.out, generator.steps);
    call.spend(u64::from(steps) * 4);
    written?;
    call.make_str(&out)
}

struct Generator {
    out: String,
    steps: u32,
    random: fn() -> u64,
}

impl Generator {
    /// A number below `end`, each about as likely.
    fn below(&mut self, end: u64) -> u64 {
        let scaled = u128::from((self.random)()) * u128::from(end);
        (scaled >> 64) as u64
    }

    /// Writes a text that the expression matches. Where it stands, what it asks to stand beside it, is not looked at.
    fn write(&mut self, tree: &Tree) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(TrapKind::Fuel.into());
        }
        if self.out.len() > MAX_TEXT {
            return Err(TrapKind::Memory.into());
        }
        match &tree.node {
            Node::Empty | Node::Look(_) => Ok(()),
            Node::Literal(c) => {
                self.out.push(*c);
                Ok(())
            }
            Node::Class(class) => {
                let c = self.pick(class).ok_or_else(|| Failure::error("no character matches the pattern"))?;
                self.out.push(c);
                Ok(())
            }
            Node::Repeat { min, max, of, .. } => {
                let max = u64::from(max.unwrap_or(UNBOUNDED.max(*min)));
                let times = u64::from(*min) + self.below(max - u64::from(*min) + 1);
                (0..times).try_for_each(|_| self.write(of))
            }
            Node::Group { of, .. } => self.write(of),
            Node::Concat(of) => of.iter().try_for_each(|t| self.write(t)),
            Node::Alternate(of) => {
                let at = self.below(of.len() as u64) as usize;
                of.get(at).map_or(Ok(()), |t| self.write(t))
            }
        }
    }

    /// A character of a class; NUL only where there is no other.
    fn pick(&mut self, class: &ClassUnicode) -> Option<char> {
        let chars = || class.ranges().iter().map(|r| r.start()..=r.end());
        let size: u64 = chars().map(|r| r.count() as u64).sum();
        let skipped = u64::from(size > 1 && chars().next().is_some_and(|r| *r.start() == '\0'));
        let mut at = skipped + self.below(size - skipped);
        for mut range in chars() {
            let size = range.clone().count() as u64;
            if at < size {
                return range.nth(at as usize);
            }
            at -= size;
        }
        None
    }
}
