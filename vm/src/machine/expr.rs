//! The operations of expressions on values of every origin.

use super::memory::{Memory, View};
use super::{Input, Machine};
use crate::builtin::{self, Builtin, Call, Failure, Type};
use crate::document::Document;
use crate::op::{Instr, Op};
use crate::program::{Comparison, Program};
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
        let items = self.elements(docs, value);
        let len = items.len() as i64;
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
        let mut taken = Vec::new();
        while if step > 0 { at < stop } else { at > stop } {
            taken.extend(usize::try_from(at).ok().and_then(|i| items.get(i)));
            at = at.saturating_add(step);
        }
        self.make_list(taken)
    }

    pub(crate) fn flatten(&mut self, docs: &[&Document<'_>], value: Val) -> Result<Val, TrapKind> {
        if let Val::Fault(_) = value {
            return Ok(value);
        }
        if !self.is_list(docs, value) {
            return Ok(Val::Null);
        }
        let mut out = Vec::new();
        for item in self.elements(docs, value) {
            if self.is_list(docs, item) { out.extend(self.elements(docs, item)) } else { out.push(item) }
        }
        self.make_list(out)
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

    fn collected_since(&mut self, start: Val) -> Vec<Val> {
        let start = match start {
            Val::Int(n) => usize::try_from(n).unwrap_or(0).min(self.collected.len()),
            _ => self.collected.len(),
        };
        self.collected.split_off(start)
    }

    pub(crate) fn collect_list(&mut self, start: Val) -> Result<Val, TrapKind> {
        let items = self.collected_since(start);
        self.make_list(items)
    }

    pub(crate) fn collect_map(
        &mut self,
        program: &Program,
        docs: &[&Document<'_>],
        start: Val,
    ) -> Result<Val, TrapKind> {
        let items = self.collected_since(start);
        let mut members: Vec<(Text, Val)> = Vec::with_capacity(items.len() / 2);
        for pair in items.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let key = match self.view(program, docs, *key) {
                View::Str(s) => s.to_owned(),
                _ => continue,
            };
            if let Val::Text(key) = self.write(|out| out.push_str(&key))? {
                members.push((key, *value));
            }
        }
        self.make_map(members)
    }
}

impl Machine {
    /// Calls a function: a fault among the arguments is the result, and so is one about their number or types.
    pub(super) fn call(&mut self, program: &Program, input: &Input<'_>, i: Instr) -> Result<Val, TrapKind> {
        let first = usize::from(i.a);
        let args: smallvec::SmallVec<[Val; 8]> =
            self.registers.get(first..first + usize::from(i.b)).unwrap_or_default().into();
        if let Some(fault) = args.iter().find(|v| matches!(v, Val::Fault(_))) {
            return Ok(*fault);
        }
        let Some(function) = builtin::table().get(i.c as usize) else { return Err(TrapKind::Code) };
        let environment = self.environment;
        let keys = match i.op {
            Op::CallBy => self.registers.get(first + usize::from(i.b)).copied().unwrap_or_default(),
            _ => Val::Absent,
        };
        let mut call = Call { keys, ..Call::new(&mut self.memory, program, input.documents, &environment) };
        let result = match check_arguments(function, &call, &args) {
            Ok(()) => (function.code)(&mut call, &args),
            Err(text) => Err(Failure::Error(text)),
        };
        match result {
            Ok(value) => Ok(value),
            Err(Failure::Error(text)) => self.memory.failed(&text),
            Err(Failure::Crash(text)) => self.memory.crashed(&text),
            Err(Failure::Trap(kind)) => Err(kind),
        }
    }
}

/// Kyverno: go-jmespath's functions.go, functions with a repeated last argument do not have their types checked.
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
        if !types.iter().any(|t| fits(call, *arg, *t)) {
            let names: Vec<String> = types.iter().map(|t| format!("{:?}", t.name())).collect();
            return Err(format!(
                "Invalid type for: {}, expected: []jmespath.JpType{{{}}}",
                call.go_value(*arg),
                names.join(", ")
            ));
        }
    }
    Ok(())
}

fn fits(call: &Call<'_, '_>, arg: Val, t: Type) -> bool {
    let all =
        |want: fn(&View<'_>) -> bool| !matches!(arg, Val::Maps(_)) && call.items(arg).all(|v| want(&call.view(v)));
    match (t, call.view(arg)) {
        (Type::Any, _)
        | (Type::Number, View::Float(_))
        | (Type::Str, View::Str(_))
        | (Type::Expref, View::Reference(_))
        | (Type::Array, View::List)
        | (Type::Object, View::Map)
        | (Type::Bool, View::Bool(_)) => true,
        (Type::ArrayNumber, View::List) => all(|v| matches!(v, View::Float(_))),
        (Type::ArrayStr, View::List) => all(|v| matches!(v, View::Str(_))),
        _ => false,
    }
}
