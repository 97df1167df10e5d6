//! Columns as wide as what they hold.

use super::{Style, clean};
use std::fmt::{self, Write as _};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

pub(super) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    pub(super) fn write(&self, out: &mut String, style: Style) -> fmt::Result {
        let width = |index: usize, title: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            widest.max(title.chars().count())
        };
        let widths: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, (title, align))| (width(index, title), *align))
            .collect();
        let titles: Vec<_> = self
            .columns
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect();
        writeln!(out, "{}", style.dim(&line(&titles, &widths)?))?;
        for row in &self.rows {
            writeln!(out, "{}", line(row, &widths)?)?;
        }
        Ok(())
    }
}

fn line(cells: &[String], widths: &[(usize, Align)]) -> Result<String, fmt::Error> {
    let mut line = String::new();
    for (cell, (width, align)) in cells.iter().zip(widths) {
        match align {
            Align::Left => write!(line, "  {cell:<width$}")?,
            Align::Right => write!(line, "  {cell:>width$}")?,
        }
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}
