/* Two producers at once, nobody else; when they have ended, two consumers at once: who meets whom is not left
 * to chance. */
#include "scene.h"

int main(void)
{
    bb *b = scene_buffer(2, 2);
    scene_putter(b, 1);
    scene_putter(b, 2);
    for (int i = 0; i < 2; i++) {
        int status;
        if (waitpid(-1, &status, 0) < 0 || status != 0) {
            fprintf(stderr, "bb_put failed in a producer\n");
            return 1;
        }
    }
    scene_taker(b, 3);
    scene_taker(b, 3);
    return scene_end(b, 0, 2);
}
