//! What is read of the objects of one scope: the paths that are walked beside the input.

use super::{Joint, JointNode, Segment, Spot, Want};
use crate::document::symbols::Sym;

/// A state of the walk beside the input.
pub(crate) type State = u32;
/// Nothing below here is wanted.
pub(crate) const UNWANTED: State = u32::MAX;
/// Everything below here is wanted, and no path leads on.
pub(crate) const WHOLE: State = u32::MAX - 1;
/// The first state, of every view.
pub(crate) const ROOT: State = 0;
const NO_NUMBER: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct TrieNode {
    children: Vec<(Sym, State)>,
    element: State,
    slot: u32,
    spot: u32,
    /// Whether the values of the spot are linked
    linked: bool,
    whole: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The marks of all its parts
    pub(crate) marks: u8,
    trie: Vec<TrieNode>,
}

impl View {
    /// Of a tree of paths only what is wanted, and what is on the way there.
    pub(super) fn new(
        joints: &[JointNode],
        spots: &[Spot],
        marks: u8,
        wants: impl Iterator<Item = (Joint, Want)>,
    ) -> Self {
        let mut levels: Vec<Option<Want>> = vec![None; joints.len()];
        let level = |levels: &[Option<Want>], joint: Joint| levels.get(joint as usize).copied().flatten();
        let raise = |levels: &mut [Option<Want>], joint: Joint, want: Want| {
            if let Some(level) = levels.get_mut(joint as usize) {
                *level = (*level).max(Some(want));
            }
        };
        wants.for_each(|(joint, want)| raise(&mut levels, joint, want));
        // What is above something comes before it.
        let mut leads: Vec<bool> = joints.iter().map(|node| node.spared).collect();
        for (joint, node) in joints.iter().enumerate().rev() {
            let Some((above, _)) = node.above else { continue };
            if level(&levels, joint as Joint).is_some() {
                raise(&mut levels, above, Want::Node);
            }
            if leads.get(joint).is_some_and(|leads| *leads)
                && let Some(above) = leads.get_mut(above as usize)
            {
                *above = true;
            }
        }
        let mut trie: Vec<TrieNode> = Vec::new();
        let mut states = vec![UNWANTED; joints.len()];
        for (joint, node) in (0u32..).zip(joints) {
            let mut state = trie.len() as State;
            if let Some((above, step)) = node.above {
                let own = level(&levels, joint);
                match level(&levels, above) {
                    Some(Want::All) if own.is_some() => raise(&mut levels, joint, Want::All),
                    Some(Want::Most) if node.spared && own.is_none() => state = UNWANTED,
                    Some(Want::Most) if node.spared => {}
                    // The way to what is spared, too.
                    Some(Want::Most) if own.is_some() || leads.get(joint as usize).is_some_and(|leads| *leads) => {
                        raise(&mut levels, joint, Want::Most);
                    }
                    Some(Want::Node) if own.is_some() => {}
                    _ => continue,
                }
                let above = states.get(above as usize).and_then(|state| trie.get_mut(*state as usize));
                match (above, step) {
                    (Some(above), Segment::Key(key)) => above.children.push((key, state)),
                    (Some(above), Segment::Element) => above.element = state,
                    (None, _) => continue,
                }
                if state == UNWANTED {
                    continue;
                }
            }
            if let Some(own) = states.get_mut(joint as usize) {
                *own = state;
            }
            trie.push(TrieNode {
                children: Vec::new(),
                element: UNWANTED,
                slot: node.slot.unwrap_or(NO_NUMBER),
                spot: node.spot.unwrap_or(NO_NUMBER),
                linked: node.spot.and_then(|n| spots.get(n as usize)).is_some_and(|spot| spot.linked),
                whole: level(&levels, joint) >= Some(Want::Most),
            });
        }
        Self { marks, trie }
    }

    /// The slot of a value, and its spot with whether its values are linked.
    #[inline]
    pub(crate) fn seats(&self, state: State) -> (Option<u32>, Option<(u32, bool)>) {
        if state >= WHOLE {
            return (None, None);
        }
        let Some(node) = self.trie.get(state as usize) else { return (None, None) };
        let is = |number: u32| number != NO_NUMBER;
        (Some(node.slot).filter(|n| is(*n)), Some((node.spot, node.linked)).filter(|(n, _)| is(*n)))
    }

    #[inline]
    pub(crate) fn member(&self, state: State, key: Option<Sym>) -> State {
        if state >= WHOLE {
            return state;
        }
        let Some(node) = self.trie.get(state as usize) else { return UNWANTED };
        if let Some(key) = key {
            for (k, s) in &node.children {
                if *k == key {
                    return *s;
                }
            }
        }
        if node.whole { WHOLE } else { UNWANTED }
    }

    #[inline]
    pub(crate) fn element(&self, state: State) -> State {
        if state >= WHOLE {
            return state;
        }
        let Some(node) = self.trie.get(state as usize) else { return UNWANTED };
        if node.element != UNWANTED {
            node.element
        } else if node.whole {
            WHOLE
        } else {
            UNWANTED
        }
    }
}
