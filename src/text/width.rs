//! Display width, cutting and wrapping to cells.
