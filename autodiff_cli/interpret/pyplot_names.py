"""What programs may use of matplotlib: tables of functions, methods, keywords and settings.

They are read twice: where a program calls (`pyplot.py`), and where the calls are drawn (`render/figures.py`).
"""

from __future__ import annotations

# What a call gives, by the name of the function or method; of what isn't here, nothing.
GIVES: dict[str, str] = {
    "figure": "Figure", "gcf": "Figure", "gca": "Axes", "axes": "Axes", "subplot": "Axes",
    "add_subplot": "Axes", "add_axes": "Axes", "twinx": "Axes", "twiny": "Axes", "inset_axes": "Axes",
    "scatter": "Artist", "bar": "Artist", "barh": "Artist", "fill": "Artist", "fill_between": "Artist",
    "errorbar": "Artist", "axhline": "Line2D", "axvline": "Line2D", "axhspan": "Artist",
    "axvspan": "Artist", "hlines": "Artist", "vlines": "Artist", "axline": "Line2D", "stem": "Artist",
    "quiver": "Artist", "streamplot": "Artist", "boxplot": "Artist", "violinplot": "Artist",
    "imshow": "Image", "matshow": "Image", "pcolormesh": "Image", "pcolor": "Image", "contour": "Contour",
    "contourf": "Contour", "plot_surface": "Artist", "plot_wireframe": "Artist", "plot_trisurf": "Artist",
    "hexbin": "Image", "tricontourf": "Contour", "stackplot": "Artist", "arrow": "Artist",
    "colorbar": "Colorbar", "legend": "Artist", "text": "Text", "annotate": "Text", "title": "Text",
    "suptitle": "Text", "xlabel": "Text", "ylabel": "Text", "set_title": "Text", "set_xlabel": "Text",
    "set_ylabel": "Text", "set_zlabel": "Text", "add_patch": "Artist", "add_artist": "Artist",
    "figtext": "Text", "get_cmap": "Colormap", "Circle": "Artist", "Rectangle": "Artist",
    "Polygon": "Artist", "Ellipse": "Artist", "get_figure": "Figure",
}  # fmt: skip
# Functions of pyplot that draw on the present axes, and methods of axes.
DRAWING = frozenset(
    """plot scatter bar barh hist hist2d hexbin fill fill_between fill_betweenx errorbar axhline axvline
    axhspan axvspan axline hlines vlines stem step stackplot loglog semilogx semilogy imshow matshow
    pcolormesh pcolor contour contourf tricontourf quiver streamplot boxplot violinplot pie text
    annotate legend grid arrow clabel margins twinx twiny tick_params axis""".split()
)
AXES = DRAWING | frozenset(
    """set_title set_xlabel set_ylabel set_zlabel set_xlim set_ylim set_zlim set_xscale set_yscale
    set_xticks set_yticks set_zticks set_xticklabels set_yticklabels set_aspect set_axis_off
    set_axis_on set_box_aspect set_facecolor set_prop_cycle invert_xaxis invert_yaxis get_xlim
    get_ylim get_title add_patch add_artist autoscale relim autoscale_view cla clear inset_axes
    plot_surface plot_wireframe plot_trisurf view_init label_outer set get_figure set_visible remove
    get_legend_handles_labels ticklabel_format locator_params set_axisbelow minorticks_on""".split()
)
PYPLOT = DRAWING | frozenset(
    """figure subplots subplot axes gca gcf sca cla clf close show savefig draw pause ion ioff
    isinteractive title xlabel ylabel xlim ylim xscale yscale xticks yticks suptitle figtext
    colorbar tight_layout subplots_adjust get_cmap set_cmap Circle Rectangle Polygon
    switch_backend rc rc_context rcdefaults fignum_exists get_fignums clim locator_params
    ticklabel_format minorticks_on box autoscale""".split()
)
METHODS: dict[str, frozenset[str]] = {
    "Axes": AXES,
    "Figure": frozenset(
        """add_subplot add_axes subplots savefig show tight_layout suptitle colorbar legend text clf clear gca
    subplots_adjust set_size_inches set_dpi autofmt_xdate set_facecolor set_figwidth set_figheight
    sca set_tight_layout set_constrained_layout supxlabel supylabel""".split()
    ),
    "Line2D": frozenset(
        """set_data set_xdata set_ydata set_color set_linewidth set_linestyle set_label set_marker set_alpha
    set_visible remove""".split()
    ),
    "Image": frozenset("set_data set_clim set_cmap set_alpha set_extent remove set_array".split()),
    "Contour": frozenset("clabel remove set_clim".split()),
    "Colorbar": frozenset("set_label set_ticks set_ticklabels remove update_normal".split()),
    "Text": frozenset(
        "set_text set_color set_fontsize set_position set_visible set_rotation remove".split()
    ),
    "Artist": frozenset(
        """set_offsets set_color set_facecolor set_edgecolor set_alpha set_visible set_label set_array
    set_sizes set_clim set_title set_center set_radius remove""".split()
    ),
    "Axis": frozenset(
        """set_visible set_ticks set_label_position tick_top tick_bottom tick_left tick_right
    set_ticks_position grid set_inverted""".split()
    ),
    "Spine": frozenset(
        "set_visible set_color set_linewidth set_position set_linestyle".split()
    ),
    "Canvas": frozenset("draw draw_idle flush_events".split()),
}  # fmt: skip
# Attributes, and what is behind them.
ATTRIBUTES: dict[str, dict[str, str]] = {
    "Axes": {
        "xaxis": "Axis", "yaxis": "Axis", "transAxes": "Transform", "transData": "Transform",
        "spines": "Spines", "figure": "Figure",
    },
    "Figure": {"canvas": "Canvas"},
}  # fmt: skip
SIDES = ("left", "right", "top", "bottom")  # of spines
# What has no effect on a picture that is written.
IDLE = frozenset("draw pause ion ioff switch_backend draw_idle flush_events isinteractive".split())
KEYWORDS = frozenset(
    """color c colors label labels linewidth linewidths lw linestyle linestyles ls marker markersize ms
    markerfacecolor mfc markeredgecolor mec markeredgewidth mew markevery alpha s cmap vmin vmax
    edgecolor edgecolors ec facecolor facecolors fc fontsize fontweight weight fontstyle loc ncol
    ncols title bins range density weights cumulative histtype align orientation rwidth log bottom
    width height left top right where interpolate step x y yerr xerr capsize capthick elinewidth
    ecolor fmt levels extend origin extent aspect interpolation figsize dpi nrows index num sharex
    sharey squeeze projection polar pad h_pad w_pad rect ha va horizontalalignment verticalalignment
    rotation xytext xycoords textcoords arrowprops bbox which axis visible zorder clear frameon
    fancybox shadow framealpha bbox_to_anchor ax cax shrink fraction location ticks minor xmin xmax
    ymin ymax emit auto stacked hatch fill shading rstride cstride antialiased rcount ccount zdir
    elev azim roll scale scale_units angles pivot units headwidth headlength head_width head_length
    length_includes_head explode startangle radius inline inline_spacing constrained_layout layout
    tight_layout wspace hspace drawstyle nbins labelpad labelrotation labelbottom labelleft
    labelsize length direction xy arrowstyle connectionstyle boxstyle shrinkA shrinkB bbox_inches
    transparent gridspec_kw subplot_kw width_ratios height_ratios transform handles norm rowspan
    colspan markerscale handlelength columnspacing borderpad labelspacing title_fontsize heights
    positions showfliers showmeans vert notch whis depthshade offset style scilimits tight gridsize
    mincnt baseline both major text useOffset numpoints scatterpoints size slope color_cycle
    bar_width pad_inches xlim ylim xlabel ylabel xscale yscale xticks yticks xticklabels yticklabels
    zlabel zlim""".split()
)
RC = frozenset(
    """figure.figsize figure.dpi figure.facecolor figure.autolayout figure.constrained_layout.use
    figure.titlesize savefig.dpi savefig.bbox font.size axes.titlesize axes.labelsize axes.grid
    axes.linewidth axes.facecolor axes.edgecolor axes.titleweight axes.labelweight axes.labelcolor
    axes.axisbelow axes.unicode_minus axes.spines.top axes.spines.right axes.spines.left
    axes.spines.bottom axes.xmargin axes.ymargin grid.alpha grid.color grid.linestyle grid.linewidth
    legend.fontsize legend.loc legend.frameon legend.framealpha lines.linewidth lines.markersize
    lines.linestyle lines.marker xtick.labelsize ytick.labelsize xtick.direction ytick.direction
    xtick.color ytick.color image.cmap image.interpolation image.origin text.color scatter.marker
    hist.bins""".split()
)
STYLES = frozenset(
    """default classic ggplot bmh dark_background fast fivethirtyeight grayscale Solarize_Light2
    tableau-colorblind10 seaborn-v0_8 seaborn-v0_8-bright seaborn-v0_8-colorblind seaborn-v0_8-dark
    seaborn-v0_8-darkgrid seaborn-v0_8-deep seaborn-v0_8-muted seaborn-v0_8-notebook
    seaborn-v0_8-paper seaborn-v0_8-pastel seaborn-v0_8-poster seaborn-v0_8-talk seaborn-v0_8-ticks
    seaborn-v0_8-white seaborn-v0_8-whitegrid""".split()
)
COLORMAPS = frozenset(
    """viridis plasma inferno magma cividis gray Greys Blues Greens Reds Oranges Purples YlOrRd YlGnBu jet
    rainbow hot cool coolwarm bwr RdBu RdBu_r RdYlBu RdYlGn Spectral seismic hsv tab10 tab20 Set1
    Set2 Set3 Paired Accent Pastel1 binary bone copper pink spring summer autumn winter terrain
    ocean twilight turbo viridis_r gray_r coolwarm_r plasma_r Spectral_r RdYlBu_r RdYlGn_r PiYG PRGn
    BrBG BuGn GnBu PuBu OrRd""".split()
)
CYCLE = tuple(
    "#1f77b4 #ff7f0e #2ca02c #d62728 #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf".split()
)
SHAPES = ("Circle", "Rectangle", "Polygon", "Ellipse")  # of matplotlib.patches
SUFFIXES = (".png", ".svg", ".pdf")  # of pictures
