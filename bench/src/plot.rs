//! The figures as one picture: a panel for each row, a bar for each contender.

use std::fmt::Write as _;

use crate::contender::Kind;
use crate::row;
use crate::run::Cell;
use crate::verdict::unit;

const WIDTH: usize = 760;
const LABEL: usize = 130;
const BAR: usize = 18;
const HEAD: usize = 34;
const GAP: usize = 14;

/// An SVG without anything from elsewhere.
#[must_use]
pub fn svg(cells: &[Cell]) -> String {
    let (mut body, mut y) = (String::new(), GAP);
    for row in row::ALL {
        let bars: Vec<(Kind, Option<f64>)> = cells
            .iter()
            .filter(|cell| cell.row == row.name)
            .map(|cell| {
                let good = cell.median.as_ref().filter(|_| cell.refused.is_none());
                (cell.contender, good.map(|figures| figures.metric(row.metric)))
            })
            .collect();
        if bars.is_empty() {
            continue;
        }
        let most = bars.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
        let _ =
            writeln!(body, r#"<text x="8" y="{}" class="head">{} ({})</text>"#, y + 18, row.about, unit(row.metric));
        y += HEAD;
        for (kind, value) in bars {
            let middle = y + BAR / 2 + 4;
            let _ = writeln!(body, r#"<text x="{}" y="{middle}" class="name">{}</text>"#, LABEL - 6, kind.name());
            match value {
                Some(value) => {
                    let room = (WIDTH - LABEL - 70) as f64;
                    let length = if most > 0.0 { value / most * room } else { 0.0 };
                    let class = if kind == Kind::ComposeRelay { "ours" } else { "other" };
                    let height = BAR - 4;
                    let _ = writeln!(
                        body,
                        r#"<rect x="{LABEL}" y="{y}" width="{length:.1}" height="{height}" class="{class}"/><text x="{:.1}" y="{middle}">{value:.2}</text>"#,
                        LABEL as f64 + length + 6.0
                    );
                }
                None => {
                    let _ = writeln!(body, r#"<text x="{LABEL}" y="{middle}" class="none">not reported</text>"#);
                }
            }
            y += BAR;
        }
        y += GAP;
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12">
<style>.head{{font-weight:bold}}.name{{text-anchor:end}}.ours{{fill:#2f6fde}}.other{{fill:#a9b4c2}}.none{{fill:#888}}</style>
<rect width="{WIDTH}" height="{y}" fill="#fff"/>
{body}</svg>
"##
    )
}
