// The charts of panels, and no more of ECharts than they use. Legend, readout and selection are our own
// elements: ECharts would write them as HTML with style attributes, which the pages' policy forbids.
import { BarChart, LineChart } from "echarts/charts";
import { GridSimpleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridSimpleComponent, CanvasRenderer]);

export { init };
