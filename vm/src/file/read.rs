//! Bytes to parts.

use super::wire::{Reader, WireError};
use crate::document::{Identity, Layout, LayoutBuilder, PathId, Place, Segment, SpotId, Sym, Texts, Uses, Want};
use crate::ids::{ConstId, Pc, UnitId};
use crate::op::{Instr, Op};
use crate::program::{Const, Entry, KeyPlan, Line, Parts, Reason, Reference, Site, Step, Unit};
use crate::scalar::{self, Glob, ScalarPattern, Term};
use crate::selector::{KindSelector, LabelSelector, Requirement, SelectorOp};
use crate::verdict::Ask;
use std::sync::Arc;

type Read<T> = Result<T, WireError>;

pub(super) fn parts(r: &mut Reader<'_>) -> Read<Parts> {
    Ok(Parts {
        layout: layout(r)?,
        code: r.list(instr)?,
        consts: r.list(constant)?,
        sites: sites(r)?,
        units: r.list(unit)?,
        entries: r.list(entry)?,
        lines: r.list(|r| Ok(Line { pc: Pc::from_number(r.u32()?), place: place(r)? }))?,
    })
}

fn place(r: &mut Reader<'_>) -> Read<Place> {
    Ok(Place { line: r.u32()?, column: r.u32()? })
}

fn unit(r: &mut Reader<'_>) -> Read<Unit> {
    Ok(Unit {
        name: r.str()?.into(),
        start: Pc::from_number(r.u32()?),
        end: Pc::from_number(r.u32()?),
        registers: u16::try_from(r.number()?).map_err(|_| WireError::Invalid("number of registers"))?,
    })
}

fn entry(r: &mut Reader<'_>) -> Read<Entry> {
    let ask = |r: &mut Reader<'_>| Ask::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("question"));
    Ok(Entry {
        name: Sym::from_number(r.u32()?),
        unit: UnitId::from_number(r.u32()?),
        needs: r.option(ask)?,
        replaces: r.bool()?,
        steady: r.bool()?,
    })
}

fn layout(r: &mut Reader<'_>) -> Read<Layout> {
    let mut b = LayoutBuilder::default();
    let names = r.list(|r| r.str())?;
    for (i, name) in names.iter().enumerate() {
        if b.sym(name).number() as usize != i {
            return Err(WireError::Invalid("key"));
        }
    }
    let known = |n: u32| ((n as usize) < names.len()).then(|| Sym::from_number(n)).ok_or(WireError::Invalid("key"));
    let step = |r: &mut Reader<'_>| match r.u32()? {
        0 => Ok(Segment::Element),
        n => known(n - 1).map(Segment::Key),
    };
    let mut next = 1;
    r.list(|r| {
        let (above, step) = (r.u32()?, step(r)?);
        // What it is below comes before it.
        let found = if above < next { b.step(above, step) } else { 0 };
        next += 1;
        if r.bool()? {
            b.spare_at(found);
        }
        if found + 1 == next { Ok(()) } else { Err(WireError::Invalid("path")) }
    })?;
    let paths = r.list(|r| r.list(|r| known(r.u32()?)))?;
    for (i, path) in paths.iter().enumerate() {
        if b.path(path).number() as usize != i {
            return Err(WireError::Invalid("path"));
        }
    }
    let spots = r.list(|r| Ok((r.option(|r| Ok((SpotId::from_number(r.u32()?), step(r)?)))?, r.bool()?)))?;
    for (i, (above, linked)) in spots.into_iter().enumerate() {
        let spot = b.spot_at(above);
        // What it is below comes before it.
        if spot.number() as usize != i || above.is_some_and(|(parent, _)| parent.number() as usize >= i) {
            return Err(WireError::Invalid("path"));
        }
        if linked {
            b.link(spot);
        }
    }
    let path = |r: &mut Reader<'_>| {
        let number = r.u32()?;
        ((number as usize) < paths.len()).then(|| PathId::from_number(number)).ok_or(WireError::Invalid("path"))
    };
    let identity =
        r.option(|r| Ok(Identity { kind: path(r)?, name: path(r)?, generate_name: path(r)?, namespace: path(r)? }))?;
    if let Some(identity) = identity {
        b.identity(identity);
    }
    let text = |r: &mut Reader<'_>| r.str().map(Box::from);
    for of in Texts::BOTH {
        b.texts(of, r.list(text)?.into_iter());
    }
    b.forget_wants();
    r.list(|r| {
        let kinds: Option<Vec<Box<str>>> = r.option(|r| r.list(text))?;
        let texts = match r.u8()? {
            0 => None,
            n => Some(*Texts::BOTH.get(usize::from(n) - 1).ok_or(WireError::Invalid("texts"))?),
        };
        let uses = Uses::from_bits(r.u8()?).ok_or(WireError::Invalid("use"))?;
        b.turn_to(kinds.as_deref(), texts, uses);
        b.mark(r.u8()?);
        r.list(|r| {
            let number = r.u32()?;
            let want = Want::EACH.get(number as usize & 3).copied().ok_or(WireError::Invalid("want"))?;
            if b.want_at(number >> 2, want) { Ok(()) } else { Err(WireError::Invalid("path")) }
        })
    })?;
    Ok(b.finish())
}

fn instr(r: &mut Reader<'_>) -> Read<Instr> {
    let [op, a, b, more, c @ ..] = r.u64()?.to_le_bytes();
    let op = Op::from_byte(op).ok_or(WireError::Invalid("operation"))?;
    Ok(Instr { op, a, b: u16::from_le_bytes([b, more]), c: u32::from_le_bytes(c) })
}

fn constant(r: &mut Reader<'_>) -> Read<Const> {
    Ok(match r.u8()? {
        0 => Const::Null,
        1 => Const::Bool(r.bool()?),
        2 => Const::Int(r.u64()?.cast_signed()),
        3 => Const::Float(f64::from_bits(r.u64()?)),
        4 => Const::Str(r.str()?.into()),
        5 => Const::Pattern(Box::new(pattern(r)?)),
        6 => Const::Globs(r.list(glob)?.into()),
        7 => Const::Kinds(r.list(kind)?.into()),
        8 => Const::Selector(Box::new(r.selector()?)),
        9 => Const::Pairs(r.list(pair)?.into()),
        10 => Const::Keys(r.list(key_plan)?.into()),
        11 => {
            let bounds = r.list(|r| r.option(|r| r.u64().map(u64::cast_signed)))?;
            Const::Bounds(bounds.try_into().map_err(|_| WireError::Invalid("slice"))?)
        }
        12 => {
            let (shown, tree) = (r.str()?.into(), r.str()?.into());
            let unit = r.option(|r| r.u32().map(UnitId::from_number))?;
            Const::Reference(Box::new(Reference { shown, tree, unit }))
        }
        13 => Const::Tested(SpotId::from_number(r.u32()?), ConstId::from_number(r.u32()?)),
        _ => return Err(WireError::Invalid("constant")),
    })
}

fn key_plan(r: &mut Reader<'_>) -> Read<KeyPlan> {
    Ok(KeyPlan { prefix: r.str()?.into(), key: glob(r)?, front: r.bool()? })
}

fn glob(r: &mut Reader<'_>) -> Read<Glob> {
    let text = r.str()?;
    Ok(if r.bool()? { Glob::literal(text) } else { Glob::new(text) })
}

fn pair(r: &mut Reader<'_>) -> Read<(Glob, Glob)> {
    Ok((glob(r)?, glob(r)?))
}

fn kind(r: &mut Reader<'_>) -> Read<KindSelector> {
    Ok(KindSelector { group: glob(r)?, version: glob(r)?, kind: glob(r)?, subresource: glob(r)? })
}

fn pattern(r: &mut Reader<'_>) -> Read<ScalarPattern> {
    Ok(match r.u8()? {
        0 => ScalarPattern::null(),
        1 => ScalarPattern::bool(r.bool()?),
        2 => ScalarPattern::int(r.u64()?.cast_signed()),
        3 => ScalarPattern::float(f64::from_bits(r.u64()?)),
        4 => ScalarPattern::map_type(),
        5 => ScalarPattern::list_type(),
        6 => {
            let source = r.str()?;
            let any = r.list(|r| r.list(term))?;
            ScalarPattern::text(source, any)
        }
        _ => return Err(WireError::Invalid("pattern")),
    })
}

fn term<'b>(r: &mut Reader<'b>) -> Read<Term<'b>> {
    let tag = r.u8()?;
    let first = r.str()?;
    let op = match tag {
        0 => scalar::Op::Equal,
        1 => scalar::Op::NotEqual,
        2 => scalar::Op::More,
        3 => scalar::Op::Less,
        4 => scalar::Op::MoreEqual,
        5 => scalar::Op::LessEqual,
        6 => scalar::Op::InRange { low: first, high: r.str()? },
        7 => scalar::Op::NotInRange { low: first, high: r.str()? },
        _ => return Err(WireError::Invalid("operator")),
    };
    let operand = if tag < 6 { first } else { "" };
    Ok(Term { op, operand })
}

fn sites(r: &mut Reader<'_>) -> Read<Vec<Site>> {
    let texts: Vec<Arc<str>> = r.list(|r| r.str().map(Arc::from))?;
    let paths: Vec<Arc<[Step]>> = r.list(|r| r.list(step).map(Arc::from))?;
    r.list(|r| {
        let reason = Reason::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("reason"))?;
        let path = paths.get(r.u32()? as usize).cloned().ok_or(WireError::Invalid("path"))?;
        let text = texts.get(r.u32()? as usize).cloned().ok_or(WireError::Invalid("text"))?;
        Ok(Site { reason, path, text, place: place(r)? })
    })
}

fn step(r: &mut Reader<'_>) -> Read<Step> {
    Ok(match r.u8()? {
        0 => Step::Key(r.str()?.into()),
        1 => Step::Walk(r.u8()?),
        2 => Step::Index(r.u32()?),
        3 => Step::Text(r.u8()?),
        4 => Step::Pattern(r.u8()?),
        _ => return Err(WireError::Invalid("step")),
    })
}

impl Reader<'_> {
    /// A label selector.
    pub fn selector(&mut self) -> Read<LabelSelector> {
        let globs = self.list(pair)?;
        let requirements = self.list(|r| {
            let key = r.str()?.into();
            let op = match r.u8()? {
                0 => SelectorOp::In,
                1 => SelectorOp::NotIn,
                2 => SelectorOp::Exists,
                3 => SelectorOp::DoesNotExist,
                _ => return Err(WireError::Invalid("selector")),
            };
            let values: Vec<Box<str>> = r.list(|r| r.str().map(Into::into))?;
            Ok(Requirement { key, op, values: values.into() })
        })?;
        Ok(LabelSelector { globs: globs.into(), requirements: requirements.into(), invalid: self.bool()? })
    }
}
