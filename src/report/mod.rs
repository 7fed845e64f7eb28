//! Output formats, one file each.

pub mod exceptions;
pub mod explain;
pub mod go_json;
mod go_scalar;
mod go_yaml;
pub mod go_yaml3;
pub mod json;
pub mod junit;
pub mod openreports;
mod pretty;
pub mod rows;
pub mod sarif;
pub mod table;
pub mod test_rows;
pub mod text;
