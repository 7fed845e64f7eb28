//! Output formats, one file each.

pub mod go_json;
mod go_scalar;
mod go_yaml;
pub mod json;
pub mod junit;
pub mod openreports;
mod pretty;
pub mod rows;
pub mod sarif;
pub mod table;
pub mod text;
