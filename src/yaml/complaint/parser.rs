//! Tokens in order. Go: parserc.go, a machine whose states are here under the same names, and decode.go, which looks
//! up aliases.

use super::scanner::{Kind, Scanner, Token};
use super::{Complaint, Mark, Step};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BlockNode,
    DocumentContent,
    DocumentEnd,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

pub(super) struct Parser {
    scanner: Scanner,
    state: State,
    states: Vec<State>,
    /// Where open lists and maps start.
    marks: Vec<Mark>,
    handles: BTreeSet<String>,
    anchors: BTreeSet<String>,
}

impl Parser {
    pub(super) fn new(text: &str) -> Self {
        Self {
            scanner: Scanner::new(if text.is_empty() { "\n" } else { text }),
            state: State::BlockNode,
            states: Vec::new(),
            marks: Vec::new(),
            handles: BTreeSet::new(),
            anchors: BTreeSet::new(),
        }
    }

    /// Goes through the first document.
    pub(super) fn document(&mut self) -> Step {
        self.scanner.peek()?;
        self.scanner.pop();
        if !self.start()? {
            return Ok(());
        }
        while self.state != State::DocumentEnd {
            self.step()?;
        }
        self.scanner.peek().map(drop)
    }

    fn fail(&mut self, problem: &'static str, at: Mark) -> Step {
        Err(Complaint::Parser { problem, at, context: Mark::default() })
    }

    /// A complaint about what stands in the innermost list or map.
    fn fail_inside(&mut self, problem: &'static str, at: Mark) -> Step {
        Err(Complaint::Parser { problem, at, context: self.marks.pop().unwrap_or_default() })
    }

    fn skip(&mut self) -> Step<Token> {
        self.scanner.pop();
        self.scanner.peek()
    }

    fn back(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    /// The start of a document; whether there is one.
    fn start(&mut self) -> Step<bool> {
        let mut token = self.scanner.peek()?;
        let implicit = !matches!(token.kind, Kind::Version(_) | Kind::TagDirective(_) | Kind::DocumentStart);
        if token.kind == Kind::StreamEnd {
            return Ok(false);
        }
        let mut versioned = false;
        while let Kind::Version(_) | Kind::TagDirective(_) = token.kind {
            match &token.kind {
                Kind::Version(_) if versioned => self.fail("found duplicate %YAML directive", token.start)?,
                Kind::Version(false) => self.fail("found incompatible YAML document", token.start)?,
                Kind::TagDirective(handle) if !self.handles.insert(handle.clone()) => {
                    self.fail("found duplicate %TAG directive", token.start)?;
                }
                Kind::Version(true) => versioned = true,
                _ => {}
            }
            token = self.skip()?;
        }
        self.handles.extend(["!".to_owned(), "!!".to_owned()]);
        self.states.push(State::DocumentEnd);
        if implicit {
            self.state = State::BlockNode;
        } else if token.kind == Kind::DocumentStart {
            self.state = State::DocumentContent;
            self.scanner.pop();
        } else {
            self.fail("did not find expected <document start>", token.start)?;
        }
        Ok(true)
    }

    fn step(&mut self) -> Step {
        match self.state {
            State::BlockNode => self.node(true, false),
            State::DocumentContent => match self.scanner.peek()?.kind {
                Kind::Version(_)
                | Kind::TagDirective(_)
                | Kind::DocumentStart
                | Kind::DocumentEnd
                | Kind::StreamEnd => {
                    self.back();
                    Ok(())
                }
                _ => self.node(true, false),
            },
            State::DocumentEnd => Ok(()),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => {
                self.scanner.peek()?;
                self.state = State::FlowSequenceEntry;
                Ok(())
            }
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.scanner.peek()?;
                self.state = State::FlowMappingKey;
                Ok(())
            }
        }
    }

    /// A node, after which `then` comes.
    fn node_then(&mut self, then: State, block: bool, indentless: bool) -> Step {
        self.states.push(then);
        self.node(block, indentless)
    }

    fn node(&mut self, block: bool, indentless: bool) -> Step {
        let mut token = self.scanner.peek()?;
        if let Kind::Alias(name) = token.kind {
            if !self.anchors.contains(&name) {
                return Err(Complaint::Anchor(name));
            }
            self.back();
            self.scanner.pop();
            return Ok(());
        }
        let start = token.start;
        let (mut anchor, mut tag) = (None, None);
        for _ in 0..2 {
            match token.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                Kind::Tag(handle) if tag.is_none() => tag = Some((handle, token.start)),
                _ => break,
            }
            token = self.skip()?;
        }
        if let Some((handle, at)) = &tag
            && !handle.is_empty()
            && !self.handles.contains(handle)
        {
            return Err(Complaint::Parser { problem: "found undefined tag handle", at: *at, context: start });
        }
        let decorated = anchor.is_some() || tag.is_some();
        self.anchors.extend(anchor);
        match token.kind {
            Kind::BlockEntry if indentless => self.state = State::IndentlessSequenceEntry,
            Kind::Scalar => {
                self.back();
                self.scanner.pop();
            }
            Kind::FlowSequenceStart => self.open(State::FlowSequenceFirstEntry, token.start),
            Kind::FlowMappingStart => self.open(State::FlowMappingFirstKey, token.start),
            Kind::BlockSequenceStart if block => self.open(State::BlockSequenceEntry, token.start),
            Kind::BlockMappingStart if block => self.open(State::BlockMappingKey, token.start),
            _ if decorated => self.back(),
            _ => {
                let problem = "did not find expected node content";
                return Err(Complaint::Parser { problem, at: token.start, context: start });
            }
        }
        Ok(())
    }

    fn open(&mut self, state: State, start: Mark) {
        self.state = state;
        self.marks.push(start);
        self.scanner.pop();
    }

    /// After the token that ends a list or map.
    fn close(&mut self) {
        self.back();
        self.marks.pop();
        self.scanner.pop();
    }

    fn block_sequence_entry(&mut self) -> Step {
        let token = self.scanner.peek()?;
        match token.kind {
            Kind::BlockEntry => match self.skip()?.kind {
                Kind::BlockEntry | Kind::BlockEnd => Ok(()),
                _ => self.node_then(State::BlockSequenceEntry, true, false),
            },
            Kind::BlockEnd => {
                self.close();
                Ok(())
            }
            _ => self.fail_inside("did not find expected '-' indicator", token.start),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Step {
        if self.scanner.peek()?.kind != Kind::BlockEntry {
            self.back();
            return Ok(());
        }
        match self.skip()?.kind {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => Ok(()),
            _ => self.node_then(State::IndentlessSequenceEntry, true, false),
        }
    }

    fn block_mapping_key(&mut self) -> Step {
        let token = self.scanner.peek()?;
        match token.kind {
            Kind::Key => match self.skip()?.kind {
                Kind::Key | Kind::Value | Kind::BlockEnd => {
                    self.state = State::BlockMappingValue;
                    Ok(())
                }
                _ => self.node_then(State::BlockMappingValue, true, true),
            },
            Kind::BlockEnd => {
                self.close();
                Ok(())
            }
            _ => self.fail_inside("did not find expected key", token.start),
        }
    }

    fn block_mapping_value(&mut self) -> Step {
        self.state = State::BlockMappingKey;
        if self.scanner.peek()?.kind != Kind::Value {
            return Ok(());
        }
        match self.skip()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(()),
            _ => self.node_then(State::BlockMappingKey, true, true),
        }
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Step {
        let mut token = self.scanner.peek()?;
        if token.kind != Kind::FlowSequenceEnd {
            if !first {
                if token.kind != Kind::FlowEntry {
                    return self.fail_inside("did not find expected ',' or ']'", token.start);
                }
                token = self.skip()?;
            }
            match token.kind {
                Kind::Key => {
                    self.state = State::FlowSequenceEntryMappingKey;
                    self.scanner.pop();
                    return Ok(());
                }
                Kind::FlowSequenceEnd => {}
                _ => return self.node_then(State::FlowSequenceEntry, false, false),
            }
        }
        self.close();
        Ok(())
    }

    fn flow_sequence_entry_mapping_key(&mut self) -> Step {
        match self.scanner.peek()?.kind {
            // Go: the token is skipped, whatever it is.
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                self.scanner.pop();
                self.state = State::FlowSequenceEntryMappingValue;
                Ok(())
            }
            _ => self.node_then(State::FlowSequenceEntryMappingValue, false, false),
        }
    }

    fn flow_sequence_entry_mapping_value(&mut self) -> Step {
        if self.scanner.peek()?.kind == Kind::Value
            && !matches!(self.skip()?.kind, Kind::FlowEntry | Kind::FlowSequenceEnd)
        {
            return self.node_then(State::FlowSequenceEntryMappingEnd, false, false);
        }
        self.state = State::FlowSequenceEntryMappingEnd;
        Ok(())
    }

    fn flow_mapping_key(&mut self, first: bool) -> Step {
        let mut token = self.scanner.peek()?;
        if token.kind != Kind::FlowMappingEnd {
            if !first {
                if token.kind != Kind::FlowEntry {
                    return self.fail_inside("did not find expected ',' or '}'", token.start);
                }
                token = self.skip()?;
            }
            match token.kind {
                Kind::Key => {
                    return match self.skip()?.kind {
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                            self.state = State::FlowMappingValue;
                            Ok(())
                        }
                        _ => self.node_then(State::FlowMappingValue, false, false),
                    };
                }
                Kind::FlowMappingEnd => {}
                _ => return self.node_then(State::FlowMappingEmptyValue, false, false),
            }
        }
        self.close();
        Ok(())
    }

    fn flow_mapping_value(&mut self) -> Step {
        self.state = State::FlowMappingKey;
        if self.scanner.peek()?.kind == Kind::Value
            && !matches!(self.skip()?.kind, Kind::FlowEntry | Kind::FlowMappingEnd)
        {
            return self.node_then(State::FlowMappingKey, false, false);
        }
        Ok(())
    }
}
