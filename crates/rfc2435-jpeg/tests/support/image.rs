//! A JPEG encoder for tests: every minimum coded unit has one colour.

/// What to encode.
#[derive(Clone, Copy)]
pub(crate) struct Picture {
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// Sampling factors of the luminance, 0x21 or 0x22.
    pub(crate) factors: u8,
    pub(crate) restart_interval: u16,
    /// Every coefficient of the two quantization tables.
    pub(crate) quantizers: [u16; 2],
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            width: 64,
            height: 48,
            factors: 0x22,
            restart_interval: 0,
            quantizers: [4, 8],
        }
    }
}

impl Picture {
    /// A complete image of which every unit differs from its neighbours.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0xff, 0xd8];
        for (number, quantizer) in [0_u8, 1].into_iter().zip(self.quantizers) {
            let wide = quantizer > 255;
            let coefficient = quantizer.to_be_bytes();
            let table = coefficient[usize::from(!wide)..].repeat(64);
            out.extend([0xff, 0xdb, 0, table.len() as u8 + 3]);
            out.push(u8::from(wide) << 4 | number);
            out.extend(table);
        }
        if self.restart_interval > 0 {
            out.extend([0xff, 0xdd, 0, 4]);
            out.extend(self.restart_interval.to_be_bytes());
        }
        let wide = self.quantizers.iter().any(|&quantizer| quantizer > 255);
        out.extend([0xff, if wide { 0xc1 } else { 0xc0 }, 0, 17, 8]);
        out.extend(self.height.to_be_bytes());
        out.extend(self.width.to_be_bytes());
        out.extend([3, 1, self.factors, 0, 2, 0x11, 1, 3, 0x11, 1]);
        // The standard Huffman tables, as an image of libjpeg has them.
        let frame: &[u8] = include_bytes!("../vectors/py_Q75_frame.jpg");
        let tables = frame.windows(2).position(|at| at == [0xff, 0xc4]).unwrap();
        out.extend(&frame[tables..tables + 2 * (33 + 183)]);
        out.extend([0xff, 0xda, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
        self.encode_scan(&mut out);
        out.extend([0xff, 0xd9]);
        out
    }

    fn encode_scan(&self, out: &mut Vec<u8>) {
        let (across, down) = (self.factors >> 4, self.factors & 0x0f);
        let columns = u32::from(self.width).div_ceil(8 * u32::from(across));
        let rows = u32::from(self.height).div_ceil(8 * u32::from(down));
        let mut bits = Bits::default();
        let mut predicted = [0; 3];
        for unit in 0..columns * rows {
            let interval = u32::from(self.restart_interval);
            if interval > 0 && unit > 0 && unit % interval == 0 {
                bits.align(out);
                let number = (unit / interval - 1) % 8;
                out.extend([0xff, 0xd0 + number as u8]);
                predicted = [0; 3];
            }
            let colour = [unit * 37, unit * 11 + 50, unit * 23 + 100];
            for (component, value) in colour.into_iter().enumerate() {
                let blocks = if component == 0 { across * down } else { 1 };
                let quantizer = i32::from(self.quantizers[component.min(1)]);
                let level = ((value % 200) as i32 - 100) * 8 / quantizer;
                for _ in 0..blocks {
                    bits.block(level - predicted[component], component > 0, out);
                    predicted[component] = level;
                }
            }
        }
        bits.align(out);
    }
}

#[derive(Default)]
struct Bits {
    pending: u32,
    count: u32,
}

impl Bits {
    /// A block of a constant: the difference of DC, then the end of the block.
    fn block(&mut self, difference: i32, chrominance: bool, out: &mut Vec<u8>) {
        const LUMINANCE: [(u32, u32); 12] = [
            (0b00, 2),
            (0b010, 3),
            (0b011, 3),
            (0b100, 3),
            (0b101, 3),
            (0b110, 3),
            (0b1110, 4),
            (0b1_1110, 5),
            (0b11_1110, 6),
            (0b111_1110, 7),
            (0b1111_1110, 8),
            (0b1_1111_1110, 9),
        ];
        const CHROMINANCE: [(u32, u32); 12] = [
            (0b00, 2),
            (0b01, 2),
            (0b10, 2),
            (0b110, 3),
            (0b1110, 4),
            (0b1_1110, 5),
            (0b11_1110, 6),
            (0b111_1110, 7),
            (0b1111_1110, 8),
            (0b1_1111_1110, 9),
            (0b11_1111_1110, 10),
            (0b111_1111_1110, 11),
        ];
        let size = 32 - difference.unsigned_abs().leading_zeros();
        let codes = if chrominance { CHROMINANCE } else { LUMINANCE };
        let (code, length) = codes[size as usize];
        self.put(code, length, out);
        let value = difference + i32::from(difference < 0) * ((1 << size) - 1);
        self.put(value as u32, size, out);
        let (end_of_block, length) = if chrominance { (0b00, 2) } else { (0b1010, 4) };
        self.put(end_of_block, length, out);
    }

    fn put(&mut self, value: u32, length: u32, out: &mut Vec<u8>) {
        for place in (0..length).rev() {
            self.pending = self.pending << 1 | (value >> place & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = self.pending as u8;
                out.push(byte);
                if byte == 0xff {
                    out.push(0);
                }
                (self.pending, self.count) = (0, 0);
            }
        }
    }

    /// Fills the byte with ones.
    fn align(&mut self, out: &mut Vec<u8>) {
        while self.count > 0 {
            self.put(1, 1, out);
        }
    }
}
