//! The operations of expressions on values of every origin.

use super::memory::{Memory, View};
use super::{Input, Machine};
use crate::builtin::{self, Builtin, Call, Failure, Type};
use crate::document::{Document, Kind};
use crate::op::{Instr, Op};
use crate::program::{Comparison, Const, Program};
use crate::value::{Fault, Text, Val};
use crate::verdict::TrapKind;

impl Memory {
    /// A fault in these words.
    pub(crate) fn failed(&mut self, text: &str) -> Result<Val, TrapKind> {
        self.fault_of(text, Fault::Failed)
    }

    /// A fault in these words that nothing forgives.
    pub(crate) fn crashed(&mut self, text: &str) -> Result<Val, TrapKind> {
        self.fault_of(text, Fault::Crashed)
    }

    fn fault_of(&mut self, text: &str, make: fn(Text) -> Fault) -> Result<Val, TrapKind> {
        match self.write(|out| out.push_str(text))? {
            Val::Text(text) => self.fault(make(text)),
            other => Ok(other),
        }
    }

    pub(crate) fn element(&self, docs: &[&Document<'_>], value: Val, at: i32) -> Val {
        if let Val::Fault(_) = value {
            return value;
        }
        let len = self.len(docs, value) as i64;
        let at = if at < 0 { i64::from(at) + len } else { i64::from(at) };
        match u32::try_from(at).map(|at| self.index(docs, value, at)) {
            Ok(Val::Absent) | Err(_) => Val::Null,
            Ok(found) => found,
        }
    }

    pub(crate) fn slice(
        &mut self,
        docs: &[&Document<'_>],
        value: Val,
        bounds: &[Option<i64>; 3],
    ) -> Result<Val, TrapKind> {
        if let Val::Fault(_) = value {
            return Ok(value);
        }
        if !self.is_list(docs, value) {
            return Ok(Val::Null);
        }
        let [start, stop, step] = *bounds;
        let step = step.unwrap_or(1);
        if step == 0 {
            return self.failed("Invalid slice, step cannot be 0");
        }
        let len = self.len(docs, value) as i64;
        let cap = |n: i64| match n {
            n if n < 0 && n.saturating_add(len) < 0 => {
                if step < 0 {
                    -1
                } else {
                    0
                }
            }
            n if n < 0 => n + len,
            n if n >= len => {
                if step < 0 {
                    len - 1
                } else {
                    len
                }
            }
            n => n,
        };
        let (first, last) = if step < 0 { (len - 1, -1) } else { (0, len) };
        let (mut at, stop) = (start.map_or(first, cap), stop.map_or(last, cap));
        let items = self.elements(docs, value);
        let first = self.items.len();
        while if step > 0 { at < stop } else { at > stop } {
            self.items.extend(usize::try_from(at).ok().and_then(|i| items.get(i)));
            at = at.saturating_add(step);
        }
        self.list_since(first)
    }

    pub(crate) fn flatten(&mut self, docs: &[&Document<'_>], value: Val) -> Result<Val, TrapKind> {
        if let Val::Fault(_) = value {
            return Ok(value);
        }
        if !self.is_list(docs, value) {
            return Ok(Val::Null);
        }
        let first = self.items.len();
        let mut walk = self.walk(docs, value);
        while let Some((item, rest)) = self.next(docs, walk) {
            walk = rest;
            if self.is_list(docs, item) {
                self.push_elements(docs, item);
                self.check()?;
            } else {
                self.items.push(item);
            }
        }
        self.list_since(first)
    }

    pub(crate) fn values(&mut self, docs: &[&Document<'_>], value: Val) -> Result<Val, TrapKind> {
        if let Val::Fault(_) = value {
            return Ok(value);
        }
        if !self.is_map(docs, value) {
            return Ok(Val::Null);
        }
        let values: Vec<Val> = self.entries(docs, value).into_iter().map(|(_, v)| v).collect();
        // Kyverno: go-jmespath's interpreter.go makes the slice with the map's length and then appends to it.
        self.make_list(std::iter::repeat_n(Val::Null, values.len()).chain(values))
    }

    pub(crate) fn compare(
        &self,
        program: &Program,
        docs: &[&Document<'_>],
        how: Comparison,
        left: Val,
        right: Val,
    ) -> Val {
        for side in [left, right] {
            if let Val::Fault(_) = side {
                return side;
            }
        }
        match how {
            Comparison::Equal => return Val::Bool(self.equal(program, docs, left, right)),
            Comparison::NotEqual => return Val::Bool(!self.equal(program, docs, left, right)),
            _ => {}
        }
        // Kyverno: only float64 has an order, an int64 has none.
        let (View::Float(a), View::Float(b)) = (self.view(program, docs, left), self.view(program, docs, right)) else {
            return Val::Null;
        };
        Val::Bool(match how {
            Comparison::Less => a < b,
            Comparison::LessOrEqual => a <= b,
            Comparison::Greater => a > b,
            _ => a >= b,
        })
    }

    pub(crate) fn is_false(&self, program: &Program, docs: &[&Document<'_>], value: Val) -> bool {
        match self.view(program, docs, value) {
            View::Absent | View::Null => true,
            View::Bool(b) => !b,
            View::Str(s) => s.is_empty(),
            View::List | View::Map => self.len(docs, value) == 0,
            View::Int(_) | View::Float(_) | View::Reference(_) | View::Fault(_) => false,
        }
    }

    /// Makes a list of what was collected since.
    pub(crate) fn collect_list(&mut self, start: Val) -> Result<Val, TrapKind> {
        let first = self.items.len();
        let start = self.collected_from(start);
        self.items.extend_from_slice(self.collected.get(start..).unwrap_or_default());
        self.collected.truncate(start);
        self.list_since(first)
    }

    /// Makes a map of what was collected since, keys and values in turn.
    pub(crate) fn collect_map(
        &mut self,
        program: &Program,
        docs: &[&Document<'_>],
        start: Val,
    ) -> Result<Val, TrapKind> {
        let (start, end) = (self.collected_from(start), self.collected.len());
        let first = self.members.len();
        for at in (start..end).step_by(2) {
            let (Some(key), Some(value)) = (self.collected.get(at).copied(), self.collected.get(at + 1).copied())
            else {
                break;
            };
            let text = self.text.len();
            if let View::Str(_) = self.view(program, docs, key) {
                self.push_text(program, docs, key)?;
                let key = Text { start: text as u32, len: (self.text.len() - text) as u32 };
                self.members.push((key, value));
            }
        }
        self.collected.truncate(start);
        self.map_since(first)
    }

    fn collected_from(&self, start: Val) -> usize {
        match start {
            Val::Int(n) => usize::try_from(n).unwrap_or(0).min(self.collected.len()),
            _ => self.collected.len(),
        }
    }
}

impl Machine {
    /// Calls a function: a fault among the arguments is the result, and so is one about their number or types.
    pub(super) fn call(&mut self, program: &Program, input: &Input<'_>, i: Instr) -> Result<Val, TrapKind> {
        let first = usize::from(i.a);
        let last = first + usize::from(i.b);
        let args = self.registers.get(first..last).unwrap_or_default();
        if let Some(fault) = args.iter().find(|v| matches!(v, Val::Fault(_))) {
            return Ok(*fault);
        }
        let Some(function) = builtin::table().get(i.c as usize) else { return Err(TrapKind::Code) };
        let keys = match i.op {
            Op::CallBy => self.registers.get(last).copied().unwrap_or_default(),
            _ => Val::Absent,
        };
        let environment = &self.environment;
        let mut call = Call { keys, ..Call::new(&mut self.memory, program, input.documents, environment) };
        let mut cost = u64::from(i.op.info().fuel);
        for arg in args {
            cost += call.size(*arg);
        }
        let result = match check_arguments(function, &call, args) {
            Ok(()) => (function.code)(&mut call, args),
            Err(text) => Err(Failure::Error(text)),
        };
        let cost = cost + call.spent;
        self.spend(cost)?;
        self.in_bounds()?;
        match result {
            Ok(value) => Ok(value),
            Err(Failure::Error(text)) => self.memory.failed(&text),
            Err(Failure::Crash(text)) => self.memory.crashed(&text),
            Err(Failure::Trap(kind)) => Err(kind),
        }
    }
}

/// Kyverno: go-jmespath's functions.go, functions with a repeated last argument do not have their types checked.
#[inline]
fn check_arguments(f: &Builtin, call: &Call<'_, '_>, args: &[Val]) -> Result<(), String> {
    if f.variadic {
        return if args.len() < f.args.len() { Err("Invalid arity.".to_owned()) } else { Ok(()) };
    }
    if f.args.is_empty() {
        return Ok(());
    }
    if args.len() != f.args.len() {
        return Err("incorrect number of args".to_owned());
    }
    for (arg, types) in args.iter().zip(f.args) {
        if !fits(call, *arg, types) {
            return Err(wrong_type(call, *arg, types));
        }
    }
    Ok(())
}

#[cold]
fn wrong_type(call: &Call<'_, '_>, arg: Val, types: &[Type]) -> String {
    let names: Vec<String> = types.iter().map(|t| format!("{:?}", t.name())).collect();
    format!("Invalid type for: {}, expected: []jmespath.JpType{{{}}}", call.go_value(arg), names.join(", "))
}

/// What a value is, without its text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Float,
    Str,
    List,
    Map,
    Bool,
    Reference,
    Other,
}

fn shape(call: &Call<'_, '_>, value: Val) -> Shape {
    match value {
        Val::Node(doc, node) => match call.documents.get(usize::from(doc.0)).map(|d| d.kind(node)) {
            Some(Kind::Float | Kind::Uint) => Shape::Float,
            Some(Kind::Str) => Shape::Str,
            Some(Kind::List) => Shape::List,
            Some(Kind::Map | Kind::Raw) => Shape::Map,
            Some(Kind::Bool) => Shape::Bool,
            _ => Shape::Other,
        },
        Val::Float(_) => Shape::Float,
        Val::Text(_) => Shape::Str,
        Val::List(_) | Val::Maps(_) => Shape::List,
        Val::Map(_) => Shape::Map,
        Val::Bool(_) => Shape::Bool,
        Val::Const(id) => match call.program.constant(id) {
            Some(Const::Str(_)) => Shape::Str,
            Some(Const::Reference(_)) => Shape::Reference,
            _ => Shape::Other,
        },
        _ => Shape::Other,
    }
}

fn fits(call: &Call<'_, '_>, arg: Val, types: &[Type]) -> bool {
    let shape = shape(call, arg);
    // The elements of a list of `items()` are maps, and an empty one is no list of anything else either.
    let all = |wanted| {
        let list = shape == Shape::List && !matches!(arg, Val::Maps(_));
        list && call.items(arg).all(|v| self::shape(call, v) == wanted)
    };
    types.iter().any(|t| match t {
        Type::Any => true,
        Type::Number => shape == Shape::Float,
        Type::Str => shape == Shape::Str,
        Type::Array => shape == Shape::List,
        Type::Object => shape == Shape::Map,
        Type::Bool => shape == Shape::Bool,
        Type::Expref => shape == Shape::Reference,
        Type::ArrayNumber => all(Shape::Float),
        Type::ArrayStr => all(Shape::Str),
    })
}
