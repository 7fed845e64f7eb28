//! Values as Go's encoding/json makes them of structs.

use crate::builtin::encoding::encode;
use crate::builtin::{Call, Failure};
use crate::value::Val;

/// A value. All numbers become float64, as everywhere where JSON is read.
#[derive(Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(&'static str, Json)>),
}

impl Json {
    /// Bytes, as base 64.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Json::Text(encode(bytes))
    }

    /// Bytes that may be missing.
    pub(super) fn maybe_bytes(bytes: Option<&[u8]>) -> Self {
        bytes.map_or(Json::Null, Json::bytes)
    }

    /// A list; nothing where Go has a nil slice, which is one that nothing was appended to.
    pub(super) fn slice<T>(items: impl IntoIterator<Item = T>, f: impl Fn(T) -> Json) -> Self {
        let items: Vec<Json> = items.into_iter().map(f).collect();
        if items.is_empty() { Json::Null } else { Json::List(items) }
    }

    pub(super) fn texts(items: Vec<String>) -> Self {
        Self::slice(items, Json::Text)
    }

    /// An object identifier.
    pub(super) fn oid(numbers: &[u32]) -> Self {
        Self::slice(numbers, |n| Json::Number(f64::from(*n)))
    }

    pub(super) fn into_val(self, call: &mut Call<'_, '_>) -> Result<Val, Failure> {
        Ok(match self {
            Json::Null => Val::Null,
            Json::Bool(b) => Val::Bool(b),
            Json::Number(n) => Val::Float(n),
            Json::Text(text) => call.make_str(&text)?,
            Json::List(items) => {
                let items: Vec<Val> = items.into_iter().map(|v| v.into_val(call)).collect::<Result<_, _>>()?;
                call.make_list(items)?
            }
            Json::Map(members) => {
                let members: Vec<(&str, Val)> =
                    members.into_iter().map(|(k, v)| Ok((k, v.into_val(call)?))).collect::<Result<_, Failure>>()?;
                call.make_map(members)?
            }
        })
    }
}
