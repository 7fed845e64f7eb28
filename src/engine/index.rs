//! The match index: from a kind to the rules that may be about it.

use crate::ir::{Filter, Filters, Matches, Test};
use rustc_hash::FxHashMap;

/// For each kind that some rule names, the numbers of the rules that may match it, in order.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_kind: FxHashMap<Box<str>, Box<[u32]>>,
    /// Rules that may match any kind.
    rest: Box<[u32]>,
}

/// The kinds a rule is about, or `None` where it may be about any.
pub(crate) type Kinds = Option<Vec<String>>;

impl Index {
    /// Builds the index of rules.
    pub(crate) fn new(rules: &[&Kinds]) -> Self {
        let mut named: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        for kinds in rules.iter().filter_map(|k| k.as_ref()) {
            for kind in kinds {
                named.entry(kind).or_default();
            }
        }
        let mut rest = Vec::new();
        for (number, kinds) in (0u32..).zip(rules) {
            match kinds {
                Some(kinds) => {
                    for kind in kinds {
                        if let Some(list) = named.get_mut(kind.as_str())
                            && list.last() != Some(&number)
                        {
                            list.push(number);
                        }
                    }
                }
                None => {
                    rest.push(number);
                    named.values_mut().for_each(|list| list.push(number));
                }
            }
        }
        let by_kind = named.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { by_kind, rest: rest.into() }
    }

    /// The rules that may match a kind.
    #[inline]
    pub(crate) fn rules(&self, kind: &str) -> &[u32] {
        self.by_kind.get(kind).map_or(&self.rest, |list| list)
    }
}

/// The kinds that a rule's match block names, where it can match no other.
pub(crate) fn kinds_of(m: &Matches) -> Kinds {
    if let Some((true, kinds)) = &m.guard {
        return Some(kinds.iter().map(|k| k.as_str().to_owned()).collect());
    }
    match &m.include {
        Filters::All(filters) => filters.iter().find_map(kinds_of_filter),
        Filters::Any(filters) => {
            let lists: Option<Vec<_>> = filters.iter().map(kinds_of_filter).collect();
            lists.map(|l| l.into_iter().flatten().collect())
        }
    }
}

fn kinds_of_filter(f: &Filter) -> Kinds {
    if f.empty {
        return Some(Vec::new());
    }
    f.resource.iter().find_map(|t| match t {
        Test::Kind(kinds) if kinds.iter().all(|k| k.kind.is_literal()) => {
            Some(kinds.iter().map(|k| k.kind.as_str().to_owned()).collect())
        }
        _ => None,
    })
}
