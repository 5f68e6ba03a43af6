/* Two producers and two consumers share a buffer with room for two items. */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(2, 2);
    scene_consumer(b, 2);
    scene_producer(b, 0, 2);
    scene_producer(b, 2, 2);
    return scene_end(b, scene_take(b, 2), 4);
}
