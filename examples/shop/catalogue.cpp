#include "catalogue.h"

#include <algorithm>
#include <array>

namespace vestibule::shop {
namespace {

constexpr std::array products{
    Product{"lamp", "Dune table lamp", "Light", 11900, "A warm circle on the wall at dusk.",
            "A thrown stoneware foot, ribbed by hand like sand after the tide, under a shade of "
            "pleated linen. Dimmable, with a two-metre cloth cord."},
    Product{"vase", "River vase", "Ceramics", 4800, "Wheel-thrown, glazed in two blues.",
            "The glaze runs where it likes, so no two are the same. Holds one long branch or two "
            "short ones; olive lasts for months."},
    Product{"monstera", "Monstera in clay", "Plants", 3900, "Forgives a missed watering.",
            "Grown for three years before it leaves us, in an unglazed clay pot that lets the "
            "roots breathe. Water when the soil is dry to the first knuckle."},
    Product{"teapot", "Ember teapot", "Ceramics", 6400, "One litre, and a spout that never drips.",
            "Red clay fired twice, with a strainer drilled into the wall behind the spout and a "
            "cane handle that stays cool."},
    Product{"print", "Hills, evening", "Pictures", 5800, "A framed print in five inks.",
            "Screen-printed on cotton paper, signed in pencil, framed in smoked oak behind "
            "glass. 30 by 40 centimetres."},
    Product{"mug", "Speckle mug", "Ceramics", 1800, "Thick rim, wide handle, dipped in rust.",
            "The mug that everybody in the house reaches for first. Three decilitres, safe in "
            "the dishwasher."},
    Product{"cacti", "Three cacti", "Plants", 2700, "A small family, already introduced.",
            "A column, a barrel and a pear, in glazed pots with a hole at the bottom. Likes a "
            "south window and being left alone."},
    Product{"candles", "Evening candles", "Light", 2400, "Three heights, forty hours each.",
            "Beeswax and rapeseed, coloured with earth pigments and scented with nothing at all."},
    Product{"clock", "Noon wall clock", "Time", 7200, "Sweeps silently.",
            "A beech ring around a paper dial, and a movement that does not tick. One battery a "
            "year."},
    Product{"throw", "Wool throw", "Textiles", 9500, "Woven from what three sheep had to spare.",
            "Undyed and plant-dyed wool from one valley, washed until soft. 130 by 180 "
            "centimetres."},
    Product{"stool", "Birch stool", "Furniture", 8900, "A seat, a table, a step.",
            "Turned legs wedged into a solid top and finished with linseed oil. Carries 120 "
            "kilograms, or one open book."},
    Product{"bowl", "Moon bowl", "Ceramics", 3200, "For pears, keys or soup.",
            "White stoneware with a slate-blue rim, wide enough for a salad for four."},
};

}  // namespace

std::span<const Product> catalogue() {
  return products;
}

const Product* find_product(std::string_view id) {
  const auto* found = std::ranges::find(products, id, &Product::id);
  return found == products.end() ? nullptr : found;
}

}  // namespace vestibule::shop
