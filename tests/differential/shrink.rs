//! Makes a differing pair small: deletes and shortens while the difference stays of the same kind.
//!
//! All reductions of a round are tried in one process: reduced policies against the manifest, reduced manifests against the
//! policy, each under a name of its own.

use super::batch::{Batch, Flavour, Item, Place};
use super::compare::{self, Sides};
use super::config::Config;
use super::reduce::{Reduction, combined, reductions};
use super::rows::{self, Row};
use serde_json::Value;
use std::io;
use std::time::Instant;

/// Candidates in a round.
const CANDIDATES: usize = 90;

/// Which document of a pair is reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Policy,
    Manifest,
    Exceptions,
}

/// The smallest pair found that differs with the same signature.
pub(crate) fn shrink(config: &Config, pair: Batch, signature: &[String]) -> io::Result<Batch> {
    if config.rounds == 0 {
        return Ok(pair);
    }
    let whole = without_company(config, pair, signature)?;
    let whole = without_flavour(config, whole, signature)?;
    let small = rounds(config, whole.clone(), signature)?;
    // Candidates had names of their own; if the difference hung on the name, the whole pair is the case.
    Ok(if holds(&compare::both(config, &small)?, signature) { small } else { whole })
}

fn rounds(config: &Config, mut pair: Batch, signature: &[String]) -> io::Result<Batch> {
    let mut rounds = 0;
    let start = Instant::now();
    loop {
        let before = size(&pair);
        for part in [Part::Policy, Part::Exceptions, Part::Manifest] {
            let left = |rounds| rounds < config.rounds && start.elapsed() < config.shrink;
            while left(rounds) && round(config, &mut pair, part, signature)? {
                rounds += 1;
            }
            rounds += 1;
        }
        if rounds >= config.rounds || start.elapsed() >= config.shrink || size(&pair) >= before {
            return Ok(pair);
        }
    }
}

fn size(pair: &Batch) -> usize {
    let exceptions: usize = pair.exceptions().iter().map(|e| e.to_string().len()).sum();
    pair.policies[0].doc.to_string().len() + pair.manifests[0].doc.to_string().len() + exceptions
}

/// Takes away of the command line what the difference does not need, one thing after the other.
fn without_flavour(config: &Config, mut pair: Batch, signature: &[String]) -> io::Result<Batch> {
    let take: [fn(&mut Flavour); 5] = [
        |f| *f = Flavour::default(),
        |f| f.company.clear(),
        |f| f.values = None,
        |f| f.user_info = None,
        |f| f.exceptions = Place::default(),
    ];
    for take in take {
        let mut candidate = pair.clone();
        take(&mut candidate.flavour);
        if holds(&compare::both(config, &candidate)?, signature) {
            pair = candidate;
        }
    }
    Ok(pair)
}

/// Without what it does not need of the policies before it and of the other objects.
fn without_company(config: &Config, mut pair: Batch, signature: &[String]) -> io::Result<Batch> {
    let mut tries = vec![Batch { targets: Vec::new(), ..pair.clone() }];
    if !pair.before.is_empty() {
        tries.insert(0, Batch { before: Vec::new(), targets: Vec::new(), ..pair.clone() });
    }
    for candidate in tries {
        if holds(&compare::both(config, &candidate)?, signature) {
            pair = candidate;
            break;
        }
    }
    let lists: [fn(&mut Batch) -> &mut Vec<Item>; 2] = [|b| &mut b.before, |b| &mut b.targets];
    for of in lists {
        let mut size = of(&mut pair).len().div_ceil(2);
        while size > 0 {
            for i in (0..of(&mut pair).len()).step_by(size).rev() {
                let mut candidate = pair.clone();
                let list = of(&mut candidate);
                list.drain(i..(i + size).min(list.len()));
                if holds(&compare::both(config, &candidate)?, signature) {
                    pair = candidate;
                }
            }
            size /= 2;
        }
    }
    Ok(pair)
}

fn holds(sides: &Sides, signature: &[String]) -> bool {
    sides.reference.trouble().is_none() && sides.differ() && sides.signature() == signature
}

fn doc(pair: &Batch, part: Part) -> Value {
    match part {
        Part::Policy => pair.policies[0].doc.clone(),
        Part::Manifest => pair.manifests[0].doc.clone(),
        Part::Exceptions => Value::Array(pair.policies[0].exceptions.clone()),
    }
}

fn with(pair: &Batch, part: Part, doc: Value) -> Batch {
    let mut out = pair.clone();
    match part {
        Part::Policy => out.policies[0].doc = doc,
        Part::Manifest => out.manifests[0].doc = doc,
        Part::Exceptions => out.policies[0].exceptions = doc.as_array().cloned().unwrap_or_default(),
    }
    out
}

/// One round on one of the two documents; whether it became smaller.
fn round(config: &Config, pair: &mut Batch, part: Part, signature: &[String]) -> io::Result<bool> {
    let whole = doc(pair, part);
    let mut all = reductions(&whole);
    all.truncate(CANDIDATES);
    let docs = all.iter().map(|r| combined(&whole, std::slice::from_ref(r))).collect();
    let holds = trial(config, pair, part, docs, signature)?;
    let good: Vec<Reduction> = all.into_iter().zip(holds).filter(|(_, h)| *h).map(|(r, _)| r).collect();
    if good.is_empty() {
        return Ok(false);
    }
    // Several of them at once, as many as go together; else the one that takes most, which is known to hold.
    let n = good.len();
    let sizes = [n, n * 7 / 8, n * 3 / 4, n / 2, n / 3, n / 4, n / 8, 2].map(|k| k.clamp(1, n));
    let docs: Vec<Value> = sizes.iter().map(|k| combined(&whole, &good[..*k])).collect();
    let holds = if n > 1 { trial(config, pair, part, docs.clone(), signature)? } else { Vec::new() };
    let best = docs.into_iter().zip(holds).find(|(_, h)| *h).map(|(d, _)| d);
    *pair = with(pair, part, best.unwrap_or_else(|| combined(&whole, &good[..1])));
    Ok(true)
}

/// For each of some documents in the place of one of the pair's whether the difference stays.
fn trial(config: &Config, pair: &Batch, part: Part, docs: Vec<Value>, signature: &[String]) -> io::Result<Vec<bool>> {
    if part == Part::Policy && pair.theme.chains() {
        return one_by_one(config, pair, part, docs, signature);
    }
    let batch = candidates(pair, part, &docs);
    let sides = compare::both(config, &batch)?;
    if sides.reference.trouble().is_some() || sides.kyvc.trouble().is_some() {
        return one_by_one(config, pair, part, docs, signature);
    }
    let mine = |rows: &[Row], n: usize| rows.iter().filter(|r| of(r, part, n)).cloned().collect::<Vec<_>>();
    let stays = |n: usize| {
        let (left, right) = (mine(sides.reference.rows(), n), mine(sides.kyvc.rows(), n));
        left != right && rows::signature(&left, &right) == signature
    };
    Ok((0..docs.len()).map(stays).collect())
}

/// The same, a process for each up to the first that holds: where one of the documents takes the whole process down.
fn one_by_one(
    config: &Config,
    pair: &Batch,
    part: Part,
    docs: Vec<Value>,
    signature: &[String],
) -> io::Result<Vec<bool>> {
    let mut out = vec![false; docs.len()];
    for (n, doc) in docs.into_iter().enumerate().take(CANDIDATES / 3) {
        if holds(&compare::both(config, &with(pair, part, doc))?, signature) {
            out[n] = true;
            break;
        }
    }
    Ok(out)
}

/// A batch with each document in the place of one of the pair's, under a name of its own.
fn candidates(pair: &Batch, part: Part, docs: &[Value]) -> Batch {
    let mut batch = pair.clone();
    let item = |(n, doc): (usize, &Value)| {
        let mut one = with(pair, part, doc.clone());
        let mut item = if part == Part::Manifest { one.manifests.remove(0) } else { one.policies.remove(0) };
        item.rename(&candidate_name(&item, part, n));
        item
    };
    let items = docs.iter().enumerate().map(item).collect();
    match part {
        Part::Policy | Part::Exceptions => batch.policies = items,
        Part::Manifest => batch.manifests = items,
    }
    batch
}

fn candidate_name(item: &Item, part: Part, n: usize) -> String {
    match part {
        Part::Policy | Part::Exceptions => format!("c-{n}"),
        Part::Manifest => format!("{}-c{n}", item.name()),
    }
}

fn of(row: &Row, part: Part, n: usize) -> bool {
    match part {
        Part::Policy | Part::Exceptions => row.policy_name() == format!("c-{n}"),
        Part::Manifest => row.name.ends_with(&format!("-c{n}")),
    }
}
