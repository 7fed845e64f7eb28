//! Why a patch could not be applied.

use super::json6902::OperationError;
use super::strategic::MergeError;
use crate::document::BuildError;
use thiserror::Error;

/// Why a patch could not be applied. The texts are those that Kyverno's rules show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PatchError {
    /// A strategic merge that Kyverno refuses
    #[error(transparent)]
    Strategic(Box<MergeError>),
    /// An operation that cannot be read or does not apply
    #[error(transparent)]
    Json6902(Box<OperationError>),
    /// The result would cost more than is allowed
    #[error(transparent)]
    Limit(#[from] BuildError),
    /// The resource was flattened without a part that the patch needs
    #[error("a part of the resource that the patch needs was not read")]
    Unread,
}

impl From<MergeError> for PatchError {
    fn from(error: MergeError) -> Self {
        Self::Strategic(Box::new(error))
    }
}

impl From<OperationError> for PatchError {
    fn from(error: OperationError) -> Self {
        Self::Json6902(Box::new(error))
    }
}
