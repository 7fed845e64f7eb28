//! Text to surface syntax trees: pattern scalars, anchors, `{{ }}` templates and JMESPath.
//!
//! Nothing here knows a value: trees carry text and byte spans, and lowering gives them meaning.

pub mod anchor;
pub mod jmespath;
pub mod scalar;
mod span;
pub mod template;

pub use span::Span;
