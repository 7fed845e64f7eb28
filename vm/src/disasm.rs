//! Assembly text: what people read when they ask what a policy became.

use crate::condition::Operator;
use crate::document::{Kinds, Place, Segment, SpotId};
use crate::op::{Instr, Op, Operand};
use crate::program::{Comparison, Const, Program, Step, Unit};
use crate::verdict::{Ask, Fact, Root};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Prints a program, unit by unit, each instruction under the line of the policy it came from.
///
/// `source` gives the text of a line of the policy that a unit, by its name, came from. Labels are numbered in the order of the code, so that the text is
/// stable.
pub fn disassemble(program: &Program, source: &dyn Fn(&str, Place) -> Option<String>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "; {} units, {} instructions, {} constants, {} paths",
        program.units().len(),
        program.code().len(),
        program.consts().len(),
        program.layout().path_count()
    );
    for unit in program.units() {
        let _ = writeln!(out, "\n{}: ; {} registers", unit.name, unit.registers);
        print_unit(program, unit, source, &mut out);
    }
    out
}

/// The labels of a unit: the targets of its jumps, numbered in order.
fn labels(program: &Program, unit: &Unit) -> BTreeMap<usize, usize> {
    let mut targets: Vec<usize> = Vec::new();
    for pc in unit.start.index()..unit.end.index() {
        let Some(i) = program.code().get(pc) else { continue };
        for (kind, value) in i.op.info().operands.into_iter().zip([u32::from(i.a), u32::from(i.b), i.c]) {
            match kind {
                Operand::Label => targets.push(value as usize),
                Operand::Else => targets.push(pc + 1 + value as usize),
                _ => {}
            }
        }
    }
    targets.sort_unstable();
    targets.dedup();
    targets.into_iter().enumerate().map(|(n, pc)| (pc, n + 1)).collect()
}

fn print_unit(program: &Program, unit: &Unit, source: &dyn Fn(&str, Place) -> Option<String>, out: &mut String) {
    let labels = labels(program, unit);
    let mut lines = program.lines().iter().skip_while(|l| l.pc < unit.start).peekable();
    let mut shown = Place::default();
    for pc in unit.start.index()..unit.end.index() {
        while let Some(line) = lines.next_if(|l| l.pc.index() <= pc) {
            if line.place.line != shown.line && line.place.line != 0 {
                let text = source(&unit.name, line.place).unwrap_or_default();
                let _ = writeln!(out, "{:>5} | {}", line.place.line, text.trim_end());
            }
            shown = line.place;
        }
        if let Some(label) = labels.get(&pc) {
            let _ = writeln!(out, "      L{label}:");
        }
        if let Some(i) = program.code().get(pc) {
            let _ = writeln!(out, "        {}", instruction(program, pc, *i, &labels));
        }
    }
}

fn instruction(program: &Program, pc: usize, i: Instr, labels: &BTreeMap<usize, usize>) -> String {
    let info = i.op.info();
    let mut head = String::new();
    let mut tail = String::new();
    for (kind, value) in info.operands.into_iter().zip([u32::from(i.a), u32::from(i.b), i.c]) {
        let text = match kind {
            Operand::None => continue,
            Operand::Else => {
                let target = pc + 1 + value as usize;
                let _ = write!(tail, " else L{}", labels.get(&target).copied().unwrap_or(0));
                continue;
            }
            Operand::Label => format!("L{}", labels.get(&(value as usize)).copied().unwrap_or(0)),
            Operand::Def | Operand::Use | Operand::Mut | Operand::Reg => format!("r{value}"),
            Operand::Imm if i.op == Op::EndPass && value == 0 => continue,
            Operand::Imm if i.op != Op::ElementGet => value.to_string(),
            Operand::Path => path(program, value),
            Operand::Spot => spot(program, value),
            Operand::KindSet => Kinds::from_bits(value as u8).names().collect::<Vec<_>>().join("|"),
            Operand::Tested => match program.consts().get(value as usize) {
                Some(Const::Tested(at, pattern)) => {
                    let pattern = program.constant(*pattern).map_or_else(|| "?".to_owned(), constant);
                    format!("{}, {pattern}", spot(program, at.number()))
                }
                _ => "?".to_owned(),
            },
            Operand::Sym => key(program, value).to_owned(),
            Operand::Site => site(program, value),
            Operand::Fact => Fact::ALL.get(value as usize).map_or("?", |f| f.name()).to_owned(),
            Operand::Entry => entry(program, value).to_owned(),
            Operand::Ask => Ask::ALL.get(value as usize).map_or("?", |a| a.name()).to_owned(),
            Operand::Function => crate::builtin::table().get(value as usize).map_or("?", |f| f.name).to_owned(),
            Operand::Operator => Operator::ALL.get(value as usize).map_or("?", |o| o.name()).to_owned(),
            Operand::Compare => Comparison::ALL.get(value as usize).map_or("?", |c| c.symbol()).to_owned(),
            Operand::Imm if i.op == Op::ElementGet => value.cast_signed().to_string(),
            Operand::Root => Root::ALL.get(value as usize).map_or("?", |r| r.name()).to_owned(),
            _ => program.consts().get(value as usize).map_or_else(|| "?".to_owned(), constant),
        };
        if !head.is_empty() {
            head.push_str(", ");
        }
        head.push_str(&text);
    }
    head.push_str(&tail);
    format!("{:<14} {}", info.mnemonic, head.trim_start()).trim_end().to_owned()
}

/// The name that a context entry binds.
pub fn entry(program: &Program, number: u32) -> &str {
    let name = program.entries().get(number as usize).map(|e| program.layout().symbols().name(e.name));
    name.unwrap_or("?")
}

/// A key.
pub fn key(program: &Program, number: u32) -> &str {
    program.layout().symbols().names().nth(number as usize).unwrap_or("?")
}

/// A static path, with a dot before each key.
pub fn path(program: &Program, number: u32) -> String {
    let layout = program.layout();
    let keys = layout.path(crate::document::PathId::from_number(number));
    let keys: Vec<&str> = keys.iter().map(|k| layout.symbols().name(*k)).collect();
    format!(".{}", keys.join("."))
}

/// A path that is counted: as a static one, with `[*]` for the elements of a list.
fn spot(program: &Program, number: u32) -> String {
    let layout = program.layout();
    let steps = layout.spot_path(SpotId::from_number(number)).into_iter().map(|step| match step {
        Segment::Key(key) => format!(".{}", layout.symbols().name(key)),
        Segment::Element => "[*]".to_owned(),
    });
    let path: String = steps.collect();
    if path.starts_with('.') { path } else { format!(".{path}") }
}

fn site(program: &Program, number: u32) -> String {
    let Some(site) = program.sites().get(number as usize) else { return "?".into() };
    let mut out = format!("{:?} /", site.reason);
    for step in site.path.iter() {
        let _ = match step {
            Step::Key(key) => write!(out, "{key}/"),
            Step::Index(n) => write!(out, "{n}/"),
            Step::Walk(r) => write!(out, "[r{r}]/"),
            Step::Text(r) => write!(out, "(r{r})/"),
            Step::Pattern(r) => write!(out, " not r{r}"),
        };
    }
    out
}

/// A constant as listings show it.
pub fn constant(c: &Const) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    match c {
        Const::Null => "null".into(),
        Const::Bool(b) => b.to_string(),
        Const::Int(n) => n.to_string(),
        Const::Float(n) => format!("{n:?}"),
        Const::Str(s) => format!("{s:?}"),
        Const::Pattern(p) => p.to_string(),
        Const::Globs(globs) => list(globs.iter().map(|g| format!("{:?}", g.as_str())).collect()),
        Const::Kinds(kinds) => list(
            kinds
                .iter()
                .map(|k| {
                    let parts = [&k.group, &k.version, &k.kind, &k.subresource].map(|g| g.as_str());
                    parts.join("/").trim_end_matches('/').to_owned()
                })
                .collect(),
        ),
        Const::Selector(s) => {
            let mut items: Vec<String> =
                s.globs.iter().map(|(k, v)| format!("{}={}", k.as_str(), v.as_str())).collect();
            items.extend(s.requirements.iter().map(|r| format!("{} {:?} {:?}", r.key, r.op, r.values)));
            if s.invalid {
                items.push("invalid".into());
            }
            list(items)
        }
        Const::Pairs(pairs) => list(pairs.iter().map(|(k, v)| format!("{}: {}", k.as_str(), v.as_str())).collect()),
        Const::Bounds(b) => {
            let bound = |n: &Option<i64>| n.map_or(String::new(), |n| n.to_string());
            format!("[{}:{}:{}]", bound(&b[0]), bound(&b[1]), bound(&b[2]))
        }
        Const::Reference(r) => r.shown.to_string(),
        Const::Tested(spot, pattern) => format!("{} {}", spot.number(), pattern.number()),
        Const::Keys(keys) => list(keys.iter().map(|k| format!("{}{}", k.prefix, k.key.as_str())).collect()),
    }
}
