// SPDX-License-Identifier: GPL-2.0-or-later
//! A table as a picture: bars in groups, longer is worse, SVG with the viewer's own fonts.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

const WIDTH: u32 = 900;
const LEFT: i32 = 170;
const RIGHT: i32 = 90;
const BAR: i32 = 18;
const TITLE: i32 = 44;
const GROUP: i32 = 30;
/// Shares of largest and least beyond which a linear scale hides the small ones.
const WIDE: f64 = 60.0;

/// Bars that belong together.
pub(super) struct Group {
    pub(super) title: String,
    /// What it is, its place in the colours, its length.
    pub(super) bars: Vec<(String, usize, f64)>,
}

/// One colour per system, told apart by people who do not see red and green too (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
    RGBColor(90, 90, 90),
];

/// Draws `groups` to a file.
///
/// # Errors
/// The file can't be written.
pub(super) fn draw(file: &Path, title: &str, unit: &str, groups: &[Group]) -> Result<()> {
    let bars: usize = groups.iter().map(|group| group.bars.len()).sum();
    let height = TITLE + groups.len() as i32 * GROUP + bars as i32 * BAR + 16;
    let area = SVGBackend::new(file, (WIDTH, height as u32)).into_drawing_area();
    inner(&area, title, unit, groups).map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))
}

fn inner<'a>(
    area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    title: &str,
    unit: &str,
    groups: &[Group],
) -> Result<(), Box<dyn std::error::Error + 'a>> {
    area.fill(&WHITE)?;
    let scale = Scale::of(groups);
    let title = if scale.logarithmic { format!("{title} ({unit}, logarithmic)") } else { format!("{title} ({unit})") };
    let text = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
    area.draw(&Text::new(title, (12, 12), text(17)))?;
    let mut y = TITLE;
    for group in groups {
        area.draw(&Text::new(group.title.clone(), (12, y + 8), text(14)))?;
        y += GROUP;
        for (name, colour, value) in &group.bars {
            let end = LEFT + scale.length(*value);
            area.draw(&Text::new(name.clone(), (24, y + 1), text(12)))?;
            let colour = COLOURS[colour % COLOURS.len()];
            area.draw(&Rectangle::new([(LEFT, y), (end, y + BAR - 4)], colour.filled()))?;
            area.draw(&Text::new(short(*value), (end + 6, y + 1), text(12)))?;
            y += BAR;
        }
    }
    area.present()?;
    Ok(())
}

struct Scale {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Scale {
    fn of(groups: &[Group]) -> Self {
        let values = || groups.iter().flat_map(|group| &group.bars).map(|bar| bar.2).filter(|value| *value > 0.0);
        let most = values().fold(f64::MIN_POSITIVE, f64::max);
        let least = values().fold(most, f64::min);
        Self { least: least / 2.0, most, logarithmic: most / least > WIDE }
    }

    fn length(&self, value: f64) -> i32 {
        let share = if !self.logarithmic {
            value / self.most
        } else if value > self.least {
            (value / self.least).ln() / (self.most / self.least).ln()
        } else {
            0.0
        };
        (f64::from(WIDTH as i32 - LEFT - RIGHT) * share.clamp(0.0, 1.0)) as i32 + 1
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        n if n >= 100.0 => format!("{value:.0}"),
        n if n >= 10.0 => format!("{value:.1}"),
        n if n >= 0.1 => format!("{value:.2}"),
        n if n >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(values: &[f64]) -> Group {
        Group { title: "a policy".into(), bars: values.iter().map(|value| ("x".to_owned(), 0, *value)).collect() }
    }

    #[test]
    fn the_longest_bar_is_the_largest_value() {
        for values in [&[1.0, 2.0, 4.0][..], &[0.1, 5.0, 900.0][..], &[-0.1, 3.0][..]] {
            let scale = Scale::of(&[group(values)]);
            let lengths: Vec<i32> = values.iter().map(|value| scale.length(*value)).collect();
            assert!(lengths.is_sorted(), "{lengths:?}");
            assert_eq!(lengths[lengths.len() - 1], WIDTH as i32 - LEFT - RIGHT + 1);
        }
    }

    #[test]
    fn a_picture_names_its_bars() {
        let file = std::env::temp_dir().join(format!("picture-{}.svg", std::process::id()));
        draw(&file, "cost", "us", &[group(&[1.0, 2.5])]).expect("drawn");
        let text = std::fs::read_to_string(&file).expect("read");
        std::fs::remove_file(&file).expect("removed");
        assert!(text.contains("a policy") && text.contains("2.50"), "{text}");
    }
}
