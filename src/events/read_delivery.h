#pragma once

#include <vector>

#include "events/deliveries.h"

namespace vestibule::events {

/// The rows of a query for VESTIBULE_DELIVERY_COLUMNS (deliveries_sql.h).
std::vector<Delivery> read_deliveries(store::Rows rows);

}  // namespace vestibule::events
