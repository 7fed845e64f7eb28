//! Texts with variables in them: which have to go to the host, and what becomes of the rest. The machine only knows that
//! a variable starts with `{{`, and that a backslash before it takes its meaning away.

use super::memory::{View, node_of};
use super::{Input, Machine};
use crate::document::NodeId;
use crate::ids::ConstId;
use crate::op::{Instr, Op};
use crate::program::Program;
use crate::value::Val;
use crate::verdict::{Need, TrapKind};

const OPEN: &str = "{{";
const ESCAPED: &str = "\\{{";

impl Machine {
    /// What `text.eval` and `text.scan` make of a value, or what they need for it.
    pub(super) fn evaluated(
        &mut self,
        program: &Program,
        input: &Input<'_>,
        i: Instr,
    ) -> Result<Result<Val, Need>, TrapKind> {
        let value = self.reg(i.a);
        if let Val::Fault(_) = value {
            return Ok(Ok(value));
        }
        if let Some(answer) = self.answered() {
            return Ok(Ok(answer));
        }
        let path = Val::Const(ConstId::from_number(i.c));
        if i.op == Op::TextScan {
            let scans = self.has_variables(program, input, value);
            return Ok(if scans { Err(Need::Tree { value, path }) } else { Ok(value) });
        }
        let View::Str(text) = self.view(program, input, value) else { return Ok(Ok(value)) };
        if !text.contains(OPEN) {
            return Ok(Ok(value));
        }
        if i.b != 0 {
            return Ok(Err(Need::Text { text: value, path }));
        }
        let text = text.replace(ESCAPED, OPEN);
        self.memory.write(|out| out.push_str(&text)).map(Ok)
    }

    /// Whether a text inside of a list or map has a variable in it.
    fn has_variables(&self, program: &Program, input: &Input<'_>, value: Val) -> bool {
        if let Some((doc, node)) = node_of(input.documents, value) {
            // Most are parts of the object: its nodes stand one after the other.
            let inside = (node.number() + 1..doc.end(node).number()).map(NodeId::from_number);
            return inside.into_iter().any(|n| {
                doc.as_str(n).is_some_and(|s| s.contains(OPEN))
                    || doc.key(n).is_some_and(|k| doc.key_text(k).contains(OPEN))
            });
        }
        let opens = &mut |v: View<'_>| matches!(v, View::Str(s) if s.contains(OPEN));
        matches!(value, Val::List(_) | Val::Map(_)) && self.memory.any(program, input.documents, value, opens)
    }

    /// A text whose variables `text.eval` does not find.
    pub(super) fn escaped(&mut self, program: &Program, input: &Input<'_>, value: Val) -> Result<Val, TrapKind> {
        match self.view(program, input, value) {
            View::Str(text) if text.contains(OPEN) => {
                let text = text.replace(OPEN, ESCAPED);
                self.memory.write(|out| out.push_str(&text))
            }
            View::Str(_) | View::Null | View::Absent | View::Fault(_) => Ok(value),
            // Kyverno: pkg/engine/variables/vars.go, it panics where a shallow variable is no string.
            _ => self.memory.failed("the value of a shallow variable has to be a string"),
        }
    }
}
