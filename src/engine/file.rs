//! Policy sets as `.kyvb` files: the program, and a section with what is known besides code.

use super::index::{About, By, Key};
use super::reads::Reads;
use super::set::{CheckKind, Paths, PolicyInfo, PolicyKind, PolicySet, RuleInfo, RuleOverride, Severity, Standard};
use crate::codegen::{CompiledRule, CompiledTarget};
use crate::diag::Code;
use crate::ir::images::{Extractor, ImageEntry, ImageRule};
use crate::policy::classic::Action;
use kyvc_vm::document::{LayoutBuilder, Place};
use kyvc_vm::file::wire::{Reader, WireError, Writer};
use kyvc_vm::file::{FileError, decode, encode};
use kyvc_vm::ids::UnitId;
use kyvc_vm::pod_security::{self, read_exclusions, write_exclusions};
use kyvc_vm::verify::{VerifyError, verify};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use thiserror::Error;

/// Why a file is no policy set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// The file is damaged or something else
    #[error(transparent)]
    File(#[from] FileError),
    /// The section is damaged
    #[error("damaged: {0}")]
    Section(#[from] WireError),
    /// The code is invalid
    #[error("damaged: {0}")]
    Code(#[from] VerifyError),
}

impl LoadError {
    /// The diagnostic code of the error.
    pub fn code(&self) -> Code {
        match self {
            LoadError::File(FileError::Magic) => Code::KyvbMagic,
            LoadError::File(FileError::Version { .. }) => Code::KyvbVersion,
            LoadError::File(FileError::Length { .. }) => Code::KyvbTruncated,
            LoadError::File(FileError::Checksum) => Code::KyvbChecksum,
            LoadError::File(FileError::Payload(_)) | LoadError::Section(_) | LoadError::Code(_) => Code::KyvbInvalid,
        }
    }
}

/// The bytes of a set. The same policies give the same bytes.
pub fn save(set: &PolicySet) -> Vec<u8> {
    let mut w = Writer::default();
    w.list(&set.policies, policy);
    let mut lists = KindLists::default();
    set.rules.iter().for_each(|r| lists.add(&r.about));
    w.list(&lists.lists, |w, kinds| w.list(kinds, |w, k| w.str(k)));
    w.list(&set.rules, |w, r| rule(w, r, &lists));
    encode(&set.program, &w.finish())
}

/// Reads what [`save`] wrote.
pub fn load(bytes: &[u8]) -> Result<PolicySet, LoadError> {
    let (parts, section) = decode(bytes)?;
    let mut r = Reader::new(section);
    let policies = r.list(read_policy)?;
    let units = parts.units.len();
    let text = |r: &mut Reader<'_>| r.str().map(Box::from);
    let kinds: Vec<Arc<[Box<str>]>> = r.list(|r| r.list(text).map(Into::into))?;
    let rules = r.list(|r| read_rule(r, policies.len(), units, &kinds))?;
    r.end()?;
    // The engine's own paths come first in every layout.
    let mut own = LayoutBuilder::default();
    let paths = Paths::add(&mut own);
    let own = own.finish();
    let name = |l: &kyvc_vm::document::Layout, keys: &[kyvc_vm::document::Sym]| -> Vec<String> {
        keys.iter().map(|k| l.symbols().name(*k).to_owned()).collect()
    };
    let same = own.paths().zip(parts.layout.paths()).filter(|(a, b)| name(&own, a) == name(&parts.layout, b)).count();
    if same != own.path_count() {
        return Err(WireError::Invalid("layout").into());
    }
    let program = verify(parts)?;
    Ok(PolicySet::new(program, policies, rules, paths))
}

fn place(w: &mut Writer, p: Place) {
    w.number(u64::from(p.line));
    w.number(u64::from(p.column));
}

fn read_place(r: &mut Reader<'_>) -> Result<Place, WireError> {
    Ok(Place { line: r.u32()?, column: r.u32()? })
}

fn action(w: &mut Writer, a: &Action) {
    w.bool(*a == Action::Enforce);
}

fn read_action(r: &mut Reader<'_>) -> Result<Action, WireError> {
    Ok(if r.bool()? { Action::Enforce } else { Action::Audit })
}

fn overrides(w: &mut Writer, list: &[RuleOverride]) {
    w.list(list, |w, o| {
        action(w, &o.action);
        w.list(&o.namespaces, |w, n| w.str(n));
        w.option(o.selector.as_ref(), Writer::selector);
    });
}

fn read_overrides(r: &mut Reader<'_>) -> Result<Vec<RuleOverride>, WireError> {
    r.list(|r| {
        Ok(RuleOverride {
            action: read_action(r)?,
            namespaces: r.list(|r| r.str().map(str::to_owned))?,
            selector: r.option(Reader::selector)?,
        })
    })
}

fn policy(w: &mut Writer, p: &PolicyInfo) {
    w.u8(p.kind as u8);
    w.str(&p.name);
    w.option(p.namespace.as_ref(), |w, n| w.str(n));
    w.str(&p.category);
    w.option(p.severity.as_ref(), |w, s| w.u8(*s as u8));
    w.bool(p.scored);
    w.bool(p.apply_one);
    action(w, &p.action);
    overrides(w, &p.overrides);
    w.bool(p.emit_warning);
    w.bool(p.ignore_failures);
    w.bool(p.admission);
    w.bool(p.background);
    w.len(p.rule_count);
    w.str(&p.source);
    place(w, p.place);
}

fn read_policy(r: &mut Reader<'_>) -> Result<PolicyInfo, WireError> {
    Ok(PolicyInfo {
        kind: PolicyKind::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("kind of policy"))?,
        name: r.str()?.to_owned(),
        namespace: r.option(|r| r.str().map(str::to_owned))?,
        category: r.str()?.to_owned(),
        severity: r.option(|r| {
            let n = r.u8()?;
            Severity::ALL.get(usize::from(n)).copied().ok_or(WireError::Invalid("severity"))
        })?,
        scored: r.bool()?,
        apply_one: r.bool()?,
        action: read_action(r)?,
        overrides: read_overrides(r)?,
        emit_warning: r.bool()?,
        ignore_failures: r.bool()?,
        admission: r.bool()?,
        background: r.bool()?,
        own_webhook: false,
        rule_count: r.u32()? as usize,
        source: r.str()?.to_owned(),
        place: read_place(r)?,
    })
}

fn rule(w: &mut Writer, rule: &RuleInfo, lists: &KindLists<'_>) {
    w.len(rule.policy);
    w.str(&rule.name);
    w.str(&rule.message);
    w.u8(rule.check as u8);
    w.option(rule.action.as_ref(), action);
    overrides(w, &rule.overrides);
    w.bool(rule.allow_existing);
    w.list(&rule.properties, |w, (key, value)| {
        w.str(key);
        w.str(value);
    });
    w.option(rule.images.as_ref(), |w, images| image_rule(w, images));
    w.option(rule.manifests.as_ref(), |w, m| w.str(m));
    w.option(rule.pod_security.as_ref(), |w, s| {
        s.rule.write(w);
        w.list(&s.exceptions, |w, (key, exclude)| {
            w.str(key);
            write_exclusions(exclude, w);
        });
    });
    about(w, &rule.about, lists);
    w.u8(rule.reads.marks());
    w.len(rule.code.check.index());
    w.option(rule.code.message.as_ref(), |w, m| w.len(m.index()));
    w.list(&rule.code.targets, |w, t| {
        w.len(t.selector.index());
        w.len(t.change.index());
    });
    w.option(rule.code.make.as_ref(), |w, m| w.len(m.index()));
    w.bool(rule.hidden);
    w.bool(rule.synchronize);
    place(w, rule.place);
}

/// The lists of kinds that rules are about, each once.
#[derive(Default)]
struct KindLists<'s> {
    lists: Vec<&'s [Box<str>]>,
    numbers: FxHashMap<&'s [Box<str>], usize>,
}

impl<'s> KindLists<'s> {
    fn add(&mut self, about: &'s About) {
        if let Some(kinds) = about.kinds.as_deref() {
            let next = self.lists.len();
            if *self.numbers.entry(kinds).or_insert(next) == next {
                self.lists.push(kinds);
            }
        }
    }
}

fn about(w: &mut Writer, about: &About, lists: &KindLists<'_>) {
    w.option(about.kinds.as_ref(), |w, kinds| w.len(lists.numbers.get(&**kinds).copied().unwrap_or_default()));
    w.option(about.key.as_ref(), |w, key| {
        w.u8(key.by as u8);
        w.bool(key.wild);
        w.list(&key.texts, |w, t| w.str(t));
    });
}

fn read_about(r: &mut Reader<'_>, kinds: &[Arc<[Box<str>]>]) -> Result<About, WireError> {
    let text = |r: &mut Reader<'_>| r.str().map(Box::from);
    Ok(About {
        kinds: r.option(|r| kinds.get(r.u32()? as usize).cloned().ok_or(WireError::Invalid("kinds")))?,
        key: r.option(|r| {
            let by = By::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("match"))?;
            Ok(Key { by, wild: r.bool()?, texts: r.list(text)?.into() })
        })?,
    })
}

fn image_rule(w: &mut Writer, images: &ImageRule) {
    w.list(&images.entries, |w, e| {
        w.list(&e.references, |w, r| w.str(r));
        w.bool(e.verify_digest);
        w.bool(e.required);
    });
    w.option(images.extractors.as_ref(), |w, kinds| {
        w.list(kinds, |w, (kind, list)| {
            w.str(kind);
            w.list(list, |w, x| {
                w.list(&x.steps, |w, s| w.str(s));
                w.str(&x.value);
                w.str(&x.key);
                w.str(&x.group);
                w.option(x.expression.as_ref(), |w, e| w.str(e));
            });
        });
    });
}

fn read_image_rule(r: &mut Reader<'_>) -> Result<ImageRule, WireError> {
    let text = |r: &mut Reader<'_>| r.str().map(str::to_owned);
    let entry = |r: &mut Reader<'_>| {
        Ok(ImageEntry { references: r.list(text)?, verify_digest: r.bool()?, required: r.bool()? })
    };
    let extractor = |r: &mut Reader<'_>| {
        Ok(Extractor {
            steps: r.list(text)?,
            value: text(r)?,
            key: text(r)?,
            group: text(r)?,
            expression: r.option(text)?,
        })
    };
    Ok(ImageRule { entries: r.list(entry)?, extractors: r.option(|r| r.list(|r| Ok((text(r)?, r.list(extractor)?))))? })
}

fn read_rule(
    r: &mut Reader<'_>,
    policies: usize,
    units: usize,
    kinds: &[Arc<[Box<str>]>],
) -> Result<RuleInfo, WireError> {
    let policy = r.u32()? as usize;
    if policy >= policies {
        return Err(WireError::Invalid("policy number"));
    }
    let unit = |r: &mut Reader<'_>| {
        let n = r.u32()? as usize;
        UnitId::new(n).ok().filter(|_| n < units).ok_or(WireError::Invalid("unit number"))
    };
    Ok(RuleInfo {
        policy,
        name: r.str()?.to_owned(),
        message: r.str()?.to_owned(),
        check: CheckKind::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("check"))?,
        action: r.option(read_action)?,
        overrides: read_overrides(r)?,
        allow_existing: r.bool()?,
        properties: r.list(|r| Ok((r.str()?.to_owned(), r.str()?.to_owned())))?,
        images: r.option(|r| read_image_rule(r).map(Box::new))?,
        manifests: r.option(|r| r.str().map(Into::into))?,
        pod_security: r.option(|r| {
            let rule = pod_security::Rule::read(r)?;
            let exceptions = r.list(|r| Ok((r.str()?.to_owned(), read_exclusions(r)?)))?;
            Ok(Box::new(Standard { rule, exceptions }))
        })?,
        about: read_about(r, kinds)?,
        reads: Reads::of_marks(r.u8()?),
        code: CompiledRule {
            check: unit(r)?,
            message: r.option(unit)?,
            targets: r.list(|r| Ok(CompiledTarget { selector: unit(r)?, change: unit(r)? }))?,
            make: r.option(unit)?,
        },
        hidden: r.bool()?,
        synchronize: r.bool()?,
        place: read_place(r)?,
    })
}
