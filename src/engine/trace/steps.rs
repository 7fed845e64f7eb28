//! From the machine's events to steps.

use super::{Got, Step, What, place_of};
use crate::engine::run::{OBJECT, Run};
use kyvc_vm::condition::Operator;
use kyvc_vm::disasm;
use kyvc_vm::document::{Document, NodeId};
use kyvc_vm::ids::{ConstId, Pc, SiteId};
use kyvc_vm::machine::{Ending, Event, FaultView, Input};
use kyvc_vm::op::{Instr, Op};
use kyvc_vm::program::{Program, Reason};
use kyvc_vm::value::{DocId, Val};
use kyvc_vm::verdict::{Ask, Fact};
use std::collections::HashMap;

/// How many characters of a value are shown.
const SHOWN: usize = 2_000;
/// A value with more nodes is only counted.
const NODES: usize = 10_000;

/// Tells the events of one run.
pub(super) struct Teller<'t, 'e, 'r> {
    run: &'t Run<'e, 'r>,
    input: &'t Input<'t>,
    program: &'e Program,
    /// Where registers would have their values from that have none
    absent: HashMap<u8, String>,
    unit: Option<Pc>,
}

impl<'t, 'e, 'r: 'e> Teller<'t, 'e, 'r> {
    pub(super) fn new(run: &'t Run<'e, 'r>, input: &'t Input<'t>) -> Self {
        Self { run, input, program: run.program(), absent: HashMap::new(), unit: None }
    }

    /// The steps of events, in their order.
    pub(super) fn tell(mut self, events: &[Event]) -> Vec<Step> {
        events.iter().filter_map(|event| self.step(event)).collect()
    }

    fn step(&mut self, event: &Event) -> Option<Step> {
        let unit = self.unit_of(event.pc);
        if self.unit != unit {
            self.absent.clear();
            self.unit = unit;
        }
        let instruction = *self.program.code().get(event.pc.index())?;
        let what = self.what(event, instruction)?;
        let place = place_of(self.program, event.pc);
        Some(Step { line: place.line, column: place.column, depth: event.depth, what })
    }

    fn unit_of(&self, pc: Pc) -> Option<Pc> {
        let units = self.program.units();
        let at = units.partition_point(|u| u.start <= pc).checked_sub(1)?;
        units.get(at).map(|u| u.start)
    }

    fn what(&mut self, event: &Event, i: Instr) -> Option<What> {
        let [first, second] = event.read;
        let holds = !event.jumped;
        Some(match i.op {
            Op::TestKind => {
                let kind = self.input.kind;
                let parts = [kind.group, kind.version, kind.kind, kind.subresource];
                let value = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/");
                What::Match { fact: "kind".to_owned(), value, wanted: self.constant(i.c), holds }
            }
            Op::TestAny | Op::TestSelector | Op::TestPairs => What::Match {
                fact: self.fact(event.pc, i.a)?,
                value: self.json(first),
                wanted: self.constant(i.c),
                holds,
            },
            Op::TestCondition => What::Condition {
                key: self.json(first),
                operator: Operator::ALL.get(i.c as usize)?.name(),
                value: self.json(second),
                holds,
            },
            Op::TestScalar | Op::TestMade => What::Pattern {
                path: self.path(first, i.a),
                value: (!matches!(first, Val::Absent)).then(|| self.json(first)),
                pattern: match i.op {
                    Op::TestMade => self.run.machine.pattern_text(second).to_owned(),
                    _ => self.constant(i.c),
                },
                holds,
            },
            Op::MatchMade => What::Pattern {
                path: self.path(first, i.c as u8),
                value: (!matches!(first, Val::Absent)).then(|| self.json(first)),
                pattern: self.json(second),
                holds: matches!(event.written, Val::Int(n) if n == Ending::Holds as i64),
            },
            Op::PathLoad | Op::FieldLoad | Op::IndexLoad => {
                self.load(event, i);
                return None;
            }
            Op::JumpAbsent if event.jumped && self.loads(event.pc, i.a) => What::Absent { path: self.path(first, i.a) },
            Op::JumpPresent if holds && self.loads(event.pc, i.a) => What::Absent { path: self.path(first, i.a) },
            Op::TextFault => {
                let site = self.program.site(SiteId::from_number(i.c))?;
                let value = self.got(event.written);
                match site.reason {
                    Reason::Unresolved => What::Variable { text: self.variable(&site.text), value },
                    Reason::Queried => What::Value { value },
                    _ => return None,
                }
            }
            Op::NameSet => {
                let name = disasm::key(self.program, i.c);
                // Those with a number behind them are the same once more.
                if name.starts_with("element") && name.ends_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                What::Name { name: name.to_owned(), value: self.got(first) }
            }
            Op::EntryNeed | Op::EntryAgain => {
                // One that was looked at before is not loaded.
                if !event.entered {
                    return None;
                }
                What::Entry { name: disasm::entry(self.program, i.c).to_owned() }
            }
            Op::EndValue => match self.unit_name(event.pc).rsplit_once(".context.") {
                Some((_, name)) => What::Name { name: name.to_owned(), value: self.got(first) },
                None if event.depth == 0 => What::Value { value: self.got(first) },
                None => return None,
            },
            Op::HostAsk => What::Asked { what: Ask::ALL.get(i.c as usize)?.name(), value: self.got(event.written) },
            Op::HostTell => What::Make { value: self.got(first) },
            Op::PatchApply => match first {
                Val::Fault(_) => return None,
                _ => What::Patch { patch: self.json(first), value: self.got(event.written) },
            },
            Op::FaultNew => self.refused(event.written)?,
            _ => return None,
        })
    }

    fn refused(&self, value: Val) -> Option<What> {
        let Val::Fault(id) = value else { return None };
        let text = self.run.words(self.input).text(id);
        Some(match self.run.machine.fault(self.program, id) {
            Some(FaultView::Site { site, .. }) => match site.reason {
                // What is around an account that was told.
                Reason::Looped | Reason::Lost => return None,
                Reason::Said if text.is_empty() => return None,
                Reason::Said => What::Note { text },
                Reason::Excepted => What::Exception { name: text },
                _ => What::Refused { why: cut(text) },
            },
            _ => What::Refused { why: cut(text) },
        })
    }

    /// Notes where a register would have its value from.
    fn load(&mut self, event: &Event, i: Instr) {
        if !matches!(event.written, Val::Absent) {
            self.absent.remove(&i.a);
            return;
        }
        let path = match i.op {
            Op::PathLoad => disasm::path(self.program, i.c).trim_start_matches('.').to_owned(),
            Op::FieldLoad => under(self.path(event.read[1], i.b as u8), disasm::key(self.program, i.c)),
            _ => format!("{}[{}]", self.path(event.read[1], i.b as u8), i.c),
        };
        self.absent.insert(i.a, path);
    }

    /// Whether the instruction before loads this register from the object.
    fn loads(&self, pc: Pc, register: u8) -> bool {
        let before = pc.index().checked_sub(1).and_then(|at| self.program.code().get(at));
        before.is_some_and(|b| b.a == register && matches!(b.op, Op::PathLoad | Op::FieldLoad | Op::IndexLoad))
    }

    /// The fact that the instruction before has put into a register.
    fn fact(&self, pc: Pc, register: u8) -> Option<String> {
        let before = self.program.code().get(pc.index().checked_sub(1)?)?;
        let fact = Fact::ALL.get(before.c as usize).filter(|_| before.op == Op::FactLoad && before.a == register)?;
        Some(fact.name().to_owned())
    }

    fn variable(&self, text: &str) -> String {
        text.split('\0').next().unwrap_or_default().to_owned()
    }

    fn unit_name(&self, pc: Pc) -> &str {
        let units = self.program.units();
        let unit = units.partition_point(|u| u.start <= pc).checked_sub(1).and_then(|at| units.get(at));
        unit.map_or("", |u| &u.name)
    }

    fn constant(&self, number: u32) -> String {
        self.program.constant(ConstId::from_number(number)).map_or_else(String::new, |c| cut(disasm::constant(c)))
    }

    fn got(&self, value: Val) -> Got {
        match self.run.machine.fault_of(value) {
            Some(id) => Got::Error(cut(self.run.words(self.input).text(id))),
            None => Got::Json(self.json(value)),
        }
    }

    fn json(&self, value: Val) -> String {
        if let Val::Fault(id) = value {
            return cut(self.run.words(self.input).text(id));
        }
        if let Some((doc, node)) = self.node(value) {
            let nodes = doc.size(node);
            if nodes > NODES {
                return format!("({nodes} values)");
            }
        }
        match value {
            Val::Absent => "nothing".to_owned(),
            _ => cut(self.run.machine.shown(self.program, self.input, value)),
        }
    }

    fn node(&self, value: Val) -> Option<(&Document<'t>, NodeId)> {
        match value {
            Val::Node(DocId(doc), node) => self.input.documents.get(usize::from(doc)).map(|d| (*d, node)),
            _ => None,
        }
    }

    /// Where a value stands, or would stand.
    fn path(&self, value: Val, register: u8) -> String {
        match (self.node(value), value) {
            (Some((doc, node)), Val::Node(of, _)) => {
                let root = if of == OBJECT { Some(self.input.root) } else { doc.root() };
                root.map_or_else(String::new, |root| doc.path_to(root, node))
            }
            _ => self.absent.get(&register).cloned().unwrap_or_default(),
        }
    }
}

/// A path with one more key.
fn under(mut path: String, key: &str) -> String {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
    path
}

/// A text of bearable length.
fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
