//! A chart of lines as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
/// The frame around the plot: left, top, right, bottom.
const FRAME: [f64; 4] = [64.0, 40.0, 212.0, 52.0];
const COLOURS: [&str; 5] = ["#4269d0", "#d1601b", "#2f8f5b", "#9c3fb0", "#6b6b6b"];

/// One direction of a chart.
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) range: (f64, f64),
    /// Where there is a mark, and what it says.
    pub(super) marks: Vec<(f64, String)>,
    pub(super) logarithmic: bool,
}

impl Axis {
    /// From 0 or 1 to 1, where a value is.
    fn part(&self, value: f64) -> f64 {
        let scale = |value: f64| {
            if self.logarithmic {
                value.log10()
            } else {
                value
            }
        };
        let (low, high) = (scale(self.range.0), scale(self.range.1));
        (scale(value.max(self.range.0)) - low) / (high - low)
    }
}

/// A line of a chart.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: usize,
    pub(super) dashed: bool,
    pub(super) points: Vec<(f64, f64)>,
}

pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// A stretch of the vertical axis to be shaded: what is wanted.
    pub(super) wanted: Option<(f64, f64)>,
    pub(super) lines: Vec<Line>,
}

impl Chart {
    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        let _ = self.write(&mut svg); // a String takes everything
        svg
    }

    fn x(&self, value: f64) -> f64 {
        FRAME[0] + self.x.part(value) * (WIDTH - FRAME[0] - FRAME[2])
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - FRAME[3] - self.y.part(value) * (HEIGHT - FRAME[1] - FRAME[3])
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let [left, top, right, bottom] = [FRAME[0], FRAME[1], WIDTH - FRAME[2], HEIGHT - FRAME[3]];
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
             <title>{title}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{left}\" y=\"22\" font-size=\"14\" font-weight=\"bold\">{title}</text>",
            title = self.title,
        )?;
        if let Some((low, high)) = self.wanted {
            let (y, height) = (self.y(high), self.y(low) - self.y(high));
            let width = right - left;
            writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height:.1}\" \
                 fill=\"#2f8f5b\" opacity=\"0.15\"/>"
            )?;
        }
        for (value, text) in &self.x.marks {
            let (x, below) = (self.x(*value), bottom + 18.0);
            writeln!(
                svg,
                "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{text}</text>"
            )?;
        }
        for (value, text) in &self.y.marks {
            let (y, beside) = (self.y(*value), left - 8.0);
            writeln!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/>\
                 <text x=\"{beside}\" y=\"{y:.1}\" dy=\"4\" text-anchor=\"end\">{text}</text>"
            )?;
        }
        let (centre, middle) = ((left + right) / 2.0, (top + bottom) / 2.0);
        writeln!(
            svg,
            "<path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#222\"/>\n\
             <text x=\"{centre}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(16 {middle}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 12.0,
            self.x.label,
            self.y.label,
        )?;
        writeln!(
            svg,
            "<clipPath id=\"plot\"><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/></clipPath>",
            right - left,
            bottom - top,
        )?;
        for (index, line) in self.lines.iter().enumerate() {
            let colour = COLOURS.get(line.colour).unwrap_or(&"#222");
            let dash = if line.dashed {
                " stroke-dasharray=\"5 3\""
            } else {
                ""
            };
            let stroke = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"{dash}");
            write!(svg, "<path clip-path=\"url(#plot)\" {stroke} d=\"")?;
            for (place, (x, y)) in line.points.iter().enumerate() {
                let command = if place == 0 { 'M' } else { 'L' };
                write!(svg, "{command}{:.1} {:.1}", self.x(*x), self.y(*y))?;
            }
            let (x, y) = (right + 14.0, top + 8.0 + 20.0 * index as f64);
            writeln!(
                svg,
                "\"/>\n<path {stroke} d=\"M{x} {y}h24\"/><text x=\"{}\" y=\"{y}\" dy=\"4\">{}</text>",
                x + 30.0,
                line.name,
            )?;
        }
        writeln!(svg, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_placed_between_the_ends_of_their_axes() {
        let axis = |range, logarithmic| Axis {
            label: "a",
            range,
            marks: vec![(1.0, "1".to_owned())],
            logarithmic,
        };
        let chart = Chart {
            title: "t",
            x: axis((1.0, 100.0), true),
            y: axis((0.0, 4.0), false),
            wanted: Some((1.0, 2.0)),
            lines: vec![Line {
                name: "l".to_owned(),
                colour: 0,
                dashed: true,
                points: vec![(1.0, 0.0), (10.0, 2.0), (100.0, 4.0)],
            }],
        };
        // The plot is 444 wide and 288 high, from 64 and 40 on.
        assert!(
            chart
                .svg()
                .contains("d=\"M64.0 328.0L286.0 184.0L508.0 40.0\"")
        );
    }
}
