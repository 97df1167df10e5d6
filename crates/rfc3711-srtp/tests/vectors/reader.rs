//! Reads the vector files beside it.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// One block of a file.
pub(crate) struct Vector {
    pub(crate) name: String,
    fields: BTreeMap<String, String>,
}

/// All blocks of a file.
pub(crate) fn vectors(file: &str) -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let mut last = String::new();
    for line in file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            vectors.push(Vector {
                name: name.to_owned(),
                fields: BTreeMap::new(),
            });
            continue;
        }
        let fields = &mut vectors.last_mut().unwrap().fields;
        match line.split_once(" =") {
            Some((name, value)) if !line.starts_with(' ') => {
                last = name.to_owned();
                fields.insert(last.clone(), value.trim().to_owned());
            }
            _ => fields.get_mut(&last).unwrap().push_str(line.trim()),
        }
    }
    vectors
}

/// The bytes of a hexadecimal number.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

impl Vector {
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.get(field)
            .unwrap_or_else(|| panic!("{} has no {field}", self.name))
    }

    pub(crate) fn bytes(&self, field: &str) -> Vec<u8> {
        bytes(self.text(field))
    }

    pub(crate) fn number(&self, field: &str) -> u64 {
        self.text(field).parse().unwrap()
    }
}
